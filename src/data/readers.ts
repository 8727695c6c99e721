/**
 * The second door of the room: what readers of files share, in data/node, train, export and the command line, and what no
 * program needs.
 */
export { crc32 } from './crc32.js';
export { fileKind, kindHint } from './file-kind.js';
export { noteLabels } from './label-notes.js';
export { NoteBook } from './notes.js';
