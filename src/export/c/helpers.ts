/**
 * The functions that generated code may call, in C99 without undefined behaviour: shifts of negative numbers and sums that
 * overflow are written around. They are docs/numerics.md, "Convert", and docs/randomness.md once more; only those that are
 * called are written out.
 */

/** Functions by name, in an order in which each comes after those that it calls. */
const HELPERS: readonly (readonly [name: string, text: string])[] = [
  [
    'shift_right',
    `/* floor(m / 2^k), which C leaves open for negative m */
static int64_t shift_right(int64_t m, int k)
{
    return m >= 0 ? m >> k : ~(~m >> k);
}`,
  ],
  [
    'dropped',
    `/* the k bits that shift_right drops, 1 <= k <= 62 */
static uint64_t dropped(int64_t m, int k)
{
    return (uint64_t)m & ((UINT64_C(1) << k) - 1);
}`,
  ],
  [
    'half',
    `static uint64_t half(int k)
{
    return UINT64_C(1) << (k - 1);
}`,
  ],
  [
    'round_stochastic',
    `/* word: the random word at the top of 32 bits; its k top bits are added below the cut */
static int64_t round_stochastic(int64_t m, int k, uint32_t word)
{
    const uint64_t random = k <= 32 ? (uint64_t)(word >> (32 - k)) : (uint64_t)word << (k - 32);
    return shift_right(m, k) + (dropped(m, k) + random >= UINT64_C(1) << k);
}`,
  ],
  [
    'round_nearest_away',
    `static int64_t round_nearest_away(int64_t m, int k)
{
    const uint64_t rest = dropped(m, k);
    return shift_right(m, k) + (rest > half(k) || (rest == half(k) && m >= 0));
}`,
  ],
  [
    'round_nearest_even',
    `static int64_t round_nearest_even(int64_t m, int k)
{
    const int64_t q = shift_right(m, k);
    const uint64_t rest = dropped(m, k);
    return q + (rest > half(k) || (rest == half(k) && ((uint64_t)q & 1) == 1));
}`,
  ],
  [
    'round_nearest_down',
    `static int64_t round_nearest_down(int64_t m, int k)
{
    return shift_right(m, k) + (dropped(m, k) > half(k));
}`,
  ],
  [
    'round_nearest_up',
    `static int64_t round_nearest_up(int64_t m, int k)
{
    return shift_right(m, k) + (dropped(m, k) >= half(k));
}`,
  ],
  [
    'round_floor',
    `static int64_t round_floor(int64_t m, int k)
{
    return shift_right(m, k);
}`,
  ],
  [
    'round_toward_zero',
    `static int64_t round_toward_zero(int64_t m, int k)
{
    return shift_right(m, k) + (m < 0 && dropped(m, k) != 0);
}`,
  ],
  [
    'shift_left',
    `/* m * 2^k, or the nearest 64 bits if there are not enough, which is outside of every format, too */
static int64_t shift_left(int64_t m, int k)
{
    if (m > INT64_MAX >> k) return INT64_MAX;
    if (m < -(INT64_MAX >> k)) return INT64_MIN;
    return m * (INT64_C(1) << k);
}`,
  ],
  [
    'floor_divide',
    `static int64_t floor_divide(int64_t m, int64_t n)
{
    return m / n - (m % n < 0);
}`,
  ],
  [
    'quotient',
    `/* floor(sum * 2^30 / n), 1 <= n <= 65536: the remainder is scaled apart, so that nothing leaves 64 bits */
static int64_t quotient(int64_t sum, int64_t n)
{
    const int64_t whole = floor_divide(sum, n);
    return whole * (INT64_C(1) << 30) + floor_divide((sum - whole * n) * (INT64_C(1) << 30), n);
}`,
  ],
  [
    'clamp',
    `static int64_t clamp(int64_t m, int64_t low, int64_t high)
{
    return m < low ? low : m > high ? high : m;
}`,
  ],
  [
    'wrap',
    `/* the low bits of a number as two's complement, 2 <= bits <= 63 */
static int64_t wrap(uint64_t m, int bits)
{
    const uint64_t sign = UINT64_C(1) << (bits - 1);
    return (int64_t)((m & (2 * sign - 1)) ^ sign) - (int64_t)sign;
}`,
  ],
  [
    'open_site',
    `/* The random words of one site in one step: sixteen at a time, of four blocks of Philox4x32-10 */
typedef struct {
    uint32_t site, step, group;
    uint32_t words[16];
} random_site;

static random_site open_site(uint32_t site, uint32_t step)
{
    random_site random = { 0, 0, UINT32_MAX, { 0 } };
    random.site = site;
    random.step = step;
    return random;
}`,
  ],
  [
    'load_group',
    `static void load_group(random_site *random, uint32_t group)
{
    if (random->group == group) return;
    random->group = group;
    for (uint32_t lane = 0; lane < 4; lane++) {
        uint32_t c0 = 4 * group + lane, c1 = random->site, c2 = random->step, c3 = 0;
        uint32_t k0 = SEED_LOW, k1 = SEED_HIGH;
        for (int round = 0; round < 10; round++) {
            const uint64_t p0 = UINT64_C(0xd2511f53) * c0;
            const uint64_t p1 = UINT64_C(0xcd9e8d57) * c2;
            c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)p1;
            c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)p0;
            k0 += UINT32_C(0x9e3779b9);
            k1 += UINT32_C(0xbb67ae85);
        }
        random->words[lane] = c0;
        random->words[4 + lane] = c1;
        random->words[8 + lane] = c2;
        random->words[12 + lane] = c3;
    }
}`,
  ],
  [
    'word16',
    `/* the 16 random bits of an element, at the top of 32 */
static uint32_t word16(random_site *random, uint32_t index)
{
    uint32_t word;
    load_group(random, index >> 5);
    word = random->words[((index >> 1) & 12) | (index & 3)];
    return (index & 4) == 0 ? word << 16 : word & UINT32_C(0xffff0000);
}`,
  ],
  [
    'word32',
    `static uint32_t word32(random_site *random, uint32_t index)
{
    load_group(random, index >> 4);
    return random->words[index & 15];
}`,
  ],
];

/** The helpers that some code calls, and those that they call. */
export function helpersFor(code: string): string {
  let text = '';
  for (const [name, helper] of [...HELPERS].reverse()) {
    if (new RegExp(`\\b${name}\\(`).test(code + text)) text = `${helper}\n\n${text}`;
  }
  return text;
}
