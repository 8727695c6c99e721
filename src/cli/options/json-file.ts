/** Reads JSON files that people write: a mistake is reported with its line and column. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileKind } from '../../data/readers.js';
import { FileError, readTextSync } from '../../files/index.js';
import { parseJson } from '../../numerics/index.js';
import { isSystemError, refusalText, UsageError } from '../console/errors.js';

/** No configuration of a person or a program is larger. */
const MOST_JSON = { maxBytes: 100_000_000 };

/**
 * The contents of a JSON file. @throws UsageError for a file that cannot be read or is not JSON.
 */
export function readJsonFile(path: string): unknown {
  const text = readText(path);
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const kind = fileKind(new TextEncoder().encode(text));
    if (kind && !kind.name.startsWith('JSON')) {
      throw new UsageError(`${path}: must be JSON, got ${kind.name}; ${kind.wayOut}`, { cause: error });
    }
    const { line, column } = placeOf(error, text);
    const reason = error.message.replace(/( in JSON)? at position \d+.*$/s, '');
    throw new UsageError(`${path}:${line}:${column}: is not JSON: ${reason}`, { cause: error });
  }
}

function readText(path: string): string {
  try {
    return readTextSync(path, MOST_JSON);
  } catch (error) {
    if (error instanceof FileError && error.kind === 'folder') {
      const inner = join(path, 'config.json');
      const wayOut = existsSync(inner) ? `give ${inner}` : 'give a file in it';
      throw new UsageError(`${path}: must be a JSON file, got a folder; ${wayOut}`, { cause: error });
    }
    if (!isSystemError(error)) throw error;
    throw new UsageError(refusalText(error, `read ${path}`), { cause: error });
  }
}

/** Line and column, from 1; the end of the text where the engine gives no position. */
function placeOf(error: SyntaxError, text: string): { line: number; column: number } {
  const match = /at position (\d+)/.exec(error.message);
  const before = text.slice(0, match ? Number(match[1]) : text.length).split('\n');
  return { line: before.length, column: (before[before.length - 1]?.length ?? 0) + 1 };
}
