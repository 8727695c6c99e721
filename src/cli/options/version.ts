/** The version of this package, from its package.json. */
import { readFileSync } from 'node:fs';

export function packageVersion(): string {
  const contents: unknown = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  );
  if (typeof contents === 'object' && contents !== null && 'version' in contents)
    return String(contents.version);
  throw new Error('internal: package.json has no version');
}
