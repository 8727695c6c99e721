/** Files as input: read whole, within a limit, and refused at once if they are no files. For Node; no entry of the package. */
export {
  FileError,
  readInput,
  readInputStart,
  readInputSync,
  readTextSync,
  type InputLimit,
} from './input.js';
