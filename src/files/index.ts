/** Files as input: read whole, within a limit, and refused at once if they are no files. For Node; no entry of the package. */
export { FileError, readHead, readInput, readInputSync, readTextSync } from './input.js';
