/** Addresses of the linear memory, handed out from the end of the control block on. */
import * as layout from './layout.generated.js';

/** Hands out aligned addresses, first to last; also beyond what a memory can have, so that the whole figure is known. */
export class Regions {
  end = layout.CONTROL_END;

  take(bytes: number): number {
    const address = Math.ceil(this.end / 64) * 64;
    this.end = address + bytes;
    return address;
  }
}
