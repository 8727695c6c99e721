/** Allocates addresses of the linear memory, beginning at the end of the control block. */
import * as layout from './layout.generated.js';

/**
 * Allocates aligned addresses in ascending order, even beyond the size of a memory, so that the total is
 * known.
 */
export class Regions {
  end = layout.CONTROL_END;

  take(bytes: number): number {
    const address = Math.ceil(this.end / 64) * 64;
    this.end = address + bytes;
    return address;
  }
}
