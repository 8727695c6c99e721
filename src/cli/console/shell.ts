/** Words of a POSIX shell: for commands that a user copies from the terminal, and for the scripts of Slurm. */

/** A word as it is where the shell reads it so, else quoted; control characters are written as `$'\x1b'`. */
export function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  if (!/\p{Cc}/u.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replace(/[\\']/g, '\\$&').replace(/\p{Cc}/gu, (character) => {
    const bytes = Buffer.from(character);
    return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  });
  return `$'${escaped}'`;
}

/** A command with its arguments, as a line to copy. */
export function shellCommand(...words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
