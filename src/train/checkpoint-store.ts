/**
 * The interface of checkpoint stores, and the store in memory. The store of files is in the experiment room.
 */
import { BYTES, checkArgument, TEXT } from '../numerics/arguments.js';

/** A flat set of named files. A store of files must replace a file completely or not at all. */
export interface CheckpointStore {
  /** Stores a file under a name. Replaces an existing file of that name. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Names of all files, in any order. */
  list(): Promise<string[]>;
  /** Removes a file. */
  remove(name: string): Promise<void>;
}

/** Keeps checkpoints in memory. */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #files = new Map<string, Uint8Array>();

  write(name: string, bytes: Uint8Array): Promise<void> {
    checkArgument('checkpoint store: name', name, TEXT);
    checkArgument('checkpoint store: file', bytes, BYTES);
    this.#files.set(name, bytes.slice());
    return Promise.resolve();
  }

  list(): Promise<string[]> {
    return Promise.resolve([...this.#files.keys()]);
  }

  remove(name: string): Promise<void> {
    this.#files.delete(name);
    return Promise.resolve();
  }

  /** A copy of a file's bytes; undefined if there is no such file. */
  read(name: string): Uint8Array | undefined {
    return this.#files.get(name)?.slice();
  }
}
