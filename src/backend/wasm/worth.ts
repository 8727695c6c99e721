/** The judgement of phases.ts, in a file of its own: tests of the minimal way let everything pay that can be done. */

/** More than this part of the direct way's turns do not pay for the trouble. */
const WORTH = 0.8;

export function pays(phased: number, direct: number): boolean {
  return phased < WORTH * direct;
}
