/** Addresses of the linear memory, handed out from the end of the control block on. */
import * as layout from './layout.generated.js';

/** Hands out aligned addresses, first to last. */
export class Regions {
  end = layout.CONTROL_END;

  take(bytes: number): number {
    const address = Math.ceil(this.end / 64) * 64;
    this.end = address + bytes;
    if (this.end > 0x7fffffff) {
      throw new RangeError(
        `wasm: a session has at most 2 GiB of memory, got ${(this.end / 2 ** 30).toFixed(1)} GiB or more; use a smaller batch or network`,
      );
    }
    return address;
  }
}
