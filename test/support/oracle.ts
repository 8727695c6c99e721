/**
 * A second implementation of the arithmetic, in BigInt, written from the formulas of docs/arithmetic.md and
 * from nothing in src/. Every rung of the ladder of tests stands on this one. It is slow and plain on
 * purpose.
 */

export interface OracleFormat {
  readonly il: number;
  readonly fl: number;
}

/** A rounding mode by name; `stochastic:n` as text. */
export type OracleRounding = string;

/** A random word of 16 or 32 bits. */
export interface OracleWord {
  readonly word: number | bigint;
  readonly width: 16 | 32;
}

/** Division rounded toward minus infinity, for a positive divisor. */
export function floorDivide(numerator: bigint, divisor: bigint): bigint {
  const quotient = numerator / divisor;
  return numerator % divisor < 0n ? quotient - 1n : quotient;
}

/** m * 2^-k rounded to an integer, before saturation. `mode` may be any of the eight names, or stochastic:n. */
export function roundOracle(m: bigint, k: number, mode: OracleRounding, random?: OracleWord): bigint {
  if (k <= 0) return m * 2n ** BigInt(-k);
  const cut = 2n ** BigInt(k);
  const floor = floorDivide(m, cut);
  const [name, bits] = mode.split(':');
  switch (name) {
    case 'stochastic': {
      if (!random) throw new Error('the oracle needs a random word');
      const kept = BigInt(Math.max(random.width - Number(bits ?? 32), 0));
      const word = (BigInt(random.word) / 2n ** kept) * 2n ** kept;
      const excess = BigInt(random.width) - BigInt(k);
      const r = excess >= 0n ? word / 2n ** excess : word * 2n ** -excess;
      return floorDivide(m + r, cut);
    }
    case 'nearest':
    case 'nearest-away': {
      const magnitude = m < 0n ? -m : m;
      const rounded = (2n * magnitude + cut) / (2n * cut);
      return m < 0n ? -rounded : rounded;
    }
    case 'nearest-even': {
      const twice = 2n * (m - floor * cut);
      if (twice === cut) return floor % 2n === 0n ? floor : floor + 1n;
      return twice > cut ? floor + 1n : floor;
    }
    case 'nearest-down':
      return -floorDivide(cut - 2n * m, 2n * cut);
    case 'nearest-up':
      return floorDivide(2n * m + cut, 2n * cut);
    case 'floor':
      return floor;
    case 'toward-zero':
      return m / cut;
    default:
      throw new Error(`the oracle knows no rounding ${mode}`);
  }
}

/** A rounded integer brought into the format. */
export function fitOracle(rounded: bigint, format: OracleFormat, overflow: 'saturate' | 'wrap'): bigint {
  const wordLength = format.il + format.fl;
  if (overflow === 'wrap') return BigInt.asIntN(wordLength, rounded);
  const limit = 2n ** BigInt(wordLength - 1);
  if (rounded >= limit) return limit - 1n;
  return rounded < -limit ? -limit : rounded;
}

/** convert(m, F, format, rounding, R) of arithmetic.md, section 2. */
export function convertOracle(
  m: bigint,
  fractionBits: number,
  format: OracleFormat,
  mode: OracleRounding,
  overflow: 'saturate' | 'wrap',
  random?: OracleWord,
): bigint {
  return fitOracle(roundOracle(m, fractionBits - format.fl, mode, random), format, overflow);
}

/** The finite double x as an integer and its number of fraction bits: x = m * 2^-fractionBits exactly. */
export function doubleOracle(x: number): { m: bigint; fractionBits: number } {
  const bits = new DataView(new Float64Array([x]).buffer).getBigUint64(0, true);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & (2n ** 52n - 1n);
  const magnitude = exponent === 0 ? fraction : fraction + 2n ** 52n;
  return { m: bits >> 63n === 1n ? -magnitude : magnitude, fractionBits: 1075 - Math.max(exponent, 1) };
}

export interface OracleBias {
  readonly raw: number | bigint;
  readonly shift: number;
}

/** What an accumulator holds after the products, in order, and the aligned bias. */
export function accumulateOracle(
  products: readonly (readonly [a: number, b: number])[],
  bias: OracleBias | null,
  accumulator: 'exact' | { readonly width: number; readonly overflow: 'saturate' | 'wrap' },
): bigint {
  const terms = products.map(([a, b]) => BigInt(a) * BigInt(b));
  if (bias) terms.push(BigInt(bias.raw) * 2n ** BigInt(bias.shift));
  if (accumulator === 'exact') return terms.reduce((sum, term) => sum + term, 0n);
  const register = { il: accumulator.width, fl: 0 };
  if (accumulator.overflow === 'wrap') {
    // Order-free: the low bits of the exact sum.
    return fitOracle(
      terms.reduce((sum, term) => sum + term, 0n),
      register,
      'wrap',
    );
  }
  return terms.reduce((sum, term) => fitOracle(sum + term, register, 'saturate'), 0n);
}

/** FNV-1a, 32 bits, over UTF-8. */
export function siteHashOracle(name: string): number {
  let hash = 2166136261n;
  for (const byte of Buffer.from(name, 'utf8')) hash = BigInt.asUintN(32, (hash ^ BigInt(byte)) * 16777619n);
  return Number(hash);
}

/** Philox4x32 with 10 rounds. */
export function philoxOracle(counter: readonly bigint[], key: readonly bigint[]): bigint[] {
  let [c0 = 0n, c1 = 0n, c2 = 0n, c3 = 0n] = counter;
  let [k0 = 0n, k1 = 0n] = key;
  const word = 2n ** 32n;
  for (let round = 0; round < 10; round += 1) {
    const product0 = 0xd2511f53n * c0;
    const product1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [
      (product1 / word) ^ c1 ^ k0,
      product1 % word,
      (product0 / word) ^ c3 ^ k1,
      product0 % word,
    ];
    k0 = (k0 + 0x9e3779b9n) % word;
    k1 = (k1 + 0xbb67ae85n) % word;
  }
  return [c0, c1, c2, c3];
}

/** The random word of an element: seed (64 bits), site hash, step, index. */
export function randomWordOracle(
  seed: number | bigint,
  hash: number,
  step: number | bigint,
  index: number,
  width: 16 | 32,
): number {
  const word = 2n ** 32n;
  // Elements per group of four blocks, and where in its group the element is.
  const perGroup = width === 32 ? 16 : 32;
  const group = Math.floor(index / perGroup);
  const place = index % perGroup;
  const lane = place % 4;
  const rank = Math.floor(place / 4);
  const block = BigInt(4 * group + lane);
  const words = philoxOracle(
    [block, BigInt(hash), BigInt(step) % word, BigInt(step) / word],
    [BigInt(seed) % word, BigInt(seed) / word],
  );
  if (width === 32) return Number(words[rank]);
  const whole = Number(words[Math.floor(rank / 2)]);
  return rank % 2 === 0 ? whole % 65536 : Math.floor(whole / 65536);
}

const LOG2_E = 1549082005n;
const LN_2 = 744261118n;
const EXP2 = [1073741824, 744261118, 257941248, 59597083, 10327387, 1431680, 165394, 16377, 1419, 109, 8].map(
  BigInt,
);
const ONE_30 = 2n ** 30n;

/** log2 of a positive integer, 26 fraction bits, truncated. */
export function log2Oracle(value: bigint): bigint {
  const top = value.toString(2).length - 1;
  let mantissa = floorDivide(value * 2n ** 64n, 2n ** BigInt(top + 34));
  let result = BigInt(top);
  for (let i = 0; i < 26; i += 1) {
    mantissa = (mantissa * mantissa) / ONE_30;
    const bit = mantissa >= 2n * ONE_30 ? 1n : 0n;
    if (bit === 1n) mantissa /= 2n;
    result = 2n * result + bit;
  }
  return result;
}

/** Softmax and cross-entropy of one row: probabilities with 30 fraction bits, the loss in nats with 24. */
export function softmaxOracle(
  logits: readonly (number | bigint)[],
  fl: number,
  target: number,
): { probabilities: bigint[]; loss: bigint } {
  const z = logits.map(BigInt);
  const largest = z.reduce((a, b) => (b > a ? b : a));
  const exponents = z.map((value) => {
    const product = (largest - value) * LOG2_E;
    return fl >= 0 ? product / 2n ** BigInt(fl) : product * 2n ** BigInt(-fl);
  });
  const power = (t: bigint, extra: bigint, cut: bigint): bigint => {
    const n = t / ONE_30;
    if (n > cut) return 0n;
    const f = t % ONE_30;
    let acc = EXP2[10] ?? 0n;
    for (let j = 9; j >= 0; j -= 1) acc = (EXP2[j] ?? 0n) - floorDivide(acc * f + ONE_30 / 2n, ONE_30);
    return roundOracle(acc * 2n ** extra, Number(n), 'nearest-up');
  };
  const numerators = exponents.map((t) => power(t, 0n, 30n));
  const sum40 = exponents.reduce((sum, t) => sum + power(t, 10n, 40n), 0n);
  const sum = roundOracle(sum40, 10, 'nearest-up');
  const probabilities = numerators.map((e) => (e * ONE_30 + sum / 2n) / sum);

  const distance = largest - (z[target] ?? 0n);
  const shift = fl - 24;
  const nats = roundOracle(distance, shift, 'nearest-up');
  const normaliser = roundOracle((log2Oracle(sum) - 30n * 2n ** 26n) * LN_2, 32, 'nearest-up');
  const loss = nats + normaliser;
  const most = 2n ** 40n - 1n;
  return { probabilities, loss: loss > most ? most : loss };
}
