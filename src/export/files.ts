/** What an export is: files by name, as text or bytes. Nothing here writes them; the command line does. */

/** File names, without folders, and what is in them. */
export type ExportedFiles = ReadonlyMap<string, string | Uint8Array>;

/** Identifiers of C, and names of files, for names that may hold anything: letters, digits and `_`, each given once. */
export class Names {
  readonly #taken = new Set<string>();

  /** The name with all else as `_`, after a letter, cut to 60 characters; numbered if it is taken, upper and lower case being alike to some disks. */
  take(name: string): string {
    const plain = name
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^(?![A-Za-z])/, 'n')
      .slice(0, 60);
    let unique = plain;
    for (let i = 2; this.#taken.has(unique.toLowerCase()); i++) unique = `${plain}_${i}`;
    this.#taken.add(unique.toLowerCase());
    return unique;
  }
}

/** The network's name as an identifier; the other names are those of files of every export, and of devices of Windows. */
export function identifier(name: string): string {
  const names = new Names();
  for (const own of ['main', 'golden', 'con', 'prn', 'aux', 'nul']) names.take(own);
  return names.take(name.toLowerCase());
}
