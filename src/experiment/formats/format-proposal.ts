/**
 * A first format for every group from the magnitudes of its tensors in a float32 training: integer bits from the largest one, with
 * headroom, and all that is left for the fraction. docs/formats.md, section "Advice".
 */
import type { Format } from '../../numerics/index.js';
import { formatOf, withFittingBiases, type FormatGroup } from './format-groups.js';
import type { RangeAnalysis } from './range-analysis.js';

/** What a proposal starts from. */
export interface ProposedFormat {
  readonly group: FormatGroup;
  readonly format: Format;
  /** Octave of the largest magnitude of the group's tensors; null if all were zero. */
  readonly largest: number | null;
  /** Integer bits above that octave. */
  readonly headroom: number;
}

/**
 * A format of `bits` bits for every group, in order.
 * @param headroom octaves to leave free above the largest magnitude
 */
export function proposeFormats(
  groups: readonly FormatGroup[],
  { tensors }: RangeAnalysis,
  { bits, headroom }: { readonly bits: number; readonly headroom: number },
): ProposedFormat[] {
  const proposal = groups.map((group) => {
    const octaves = tensors
      .filter(({ name }) => group.tensors.includes(name))
      .flatMap(({ bins }) => bins.at(-1)?.exponent ?? []);
    const largest = octaves.length === 0 ? null : Math.max(...octaves);
    // What is trained grows; the input does not.
    const free = group.layer === null && group.role === 'activation' ? 0 : headroom;
    // An octave 2^e and the sign take e + 2 integer bits. What was always zero is taken for numbers below one.
    const il = largest === null ? 1 : largest + 2 + free;
    return { group, format: { il, fl: bits - il }, largest, headroom: free };
  });
  const formats = withFittingBiases(
    groups,
    new Map(proposal.map(({ group, format }) => [group.name, format])),
  );
  return proposal.map((proposed) => {
    const { fl } = formatOf(formats, proposed.group);
    const il = bits - fl;
    return { ...proposed, format: { il, fl }, headroom: proposed.headroom + il - proposed.format.il };
  });
}

/** Why the group has its proposed format. */
export function proposalReason({ largest, headroom, format: { il, fl } }: ProposedFormat): string {
  if (largest === null) return `always zero: IL ${il}, FL ${fl}`;
  const free = headroom === 0 ? '' : `, and ${headroom} of headroom`;
  return `largest 2^${largest}, so IL ${il - headroom}${free}; FL ${fl} is left`;
}
