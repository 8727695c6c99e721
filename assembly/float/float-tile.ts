/*
 * The float32 baseline's inner loop: 4 rows x 8 columns of sums of products, k ascending, each product and each sum
 * rounded to float32. The order is fixed by the shapes alone, so a backend repeats its results on any number of threads.
 * B lies in panels: for each k eight columns, 32 bytes. Otherwise as tile.ts.
 */

/**
 * For each of `tiles` tiles of four rows: c[r][0..7] = init[r][0..7] + sum of the products. Rows of c are `stride` bytes
 * apart, those of init `initStride`; c may be init. Row r of A starts at lhs + table[r]; its elements lie `step` bytes
 * apart, `length` in each of `segments` segments, after which `skip` bytes are added.
 */
export function floatTile(
  lhs: usize,
  table: usize,
  tiles: i32,
  step: usize,
  length: usize,
  segments: i32,
  skip: usize,
  panel: usize,
  init: usize,
  initStride: usize,
  c: usize,
  stride: usize,
): void {
  do {
    let a0 = lhs + load<u32>(table);
    let a1 = lhs + load<u32>(table, 4);
    let a2 = lhs + load<u32>(table, 8);
    let a3 = lhs + load<u32>(table, 12);
    let b = panel;
    let c00 = v128.load(init);
    let c01 = v128.load(init, 16);
    init += initStride;
    let c10 = v128.load(init);
    let c11 = v128.load(init, 16);
    init += initStride;
    let c20 = v128.load(init);
    let c21 = v128.load(init, 16);
    init += initStride;
    let c30 = v128.load(init);
    let c31 = v128.load(init, 16);
    init += initStride;
    let left = segments;
    do {
      const end = b + (length << 5);
      do {
        const b0 = v128.load(b);
        const b1 = v128.load(b, 16);
        let a = v128.load_splat<i32>(a0);
        c00 = f32x4.add(c00, f32x4.mul(a, b0));
        c01 = f32x4.add(c01, f32x4.mul(a, b1));
        a = v128.load_splat<i32>(a1);
        c10 = f32x4.add(c10, f32x4.mul(a, b0));
        c11 = f32x4.add(c11, f32x4.mul(a, b1));
        a = v128.load_splat<i32>(a2);
        c20 = f32x4.add(c20, f32x4.mul(a, b0));
        c21 = f32x4.add(c21, f32x4.mul(a, b1));
        a = v128.load_splat<i32>(a3);
        c30 = f32x4.add(c30, f32x4.mul(a, b0));
        c31 = f32x4.add(c31, f32x4.mul(a, b1));
        a0 += step;
        a1 += step;
        a2 += step;
        a3 += step;
        b += 32;
      } while (b < end);
      a0 += skip;
      a1 += skip;
      a2 += skip;
      a3 += skip;
    } while (--left);
    v128.store(c, c00);
    v128.store(c, c01, 16);
    c += stride;
    v128.store(c, c10);
    v128.store(c, c11, 16);
    c += stride;
    v128.store(c, c20);
    v128.store(c, c21, 16);
    c += stride;
    v128.store(c, c30);
    v128.store(c, c31, 16);
    c += stride;
    table += 16;
  } while (--tiles);
}
