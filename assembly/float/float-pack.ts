/* Packing of float32 operands for floatTile(): as pack.ts, but one step of k an entry, and no digits. */

/** Four elements of each of four columns, `stride` bytes apart, to four rows of four columns, 32 bytes apart. */
function transpose(from: usize, stride: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to, v128.shuffle<i64>(ab, cd, 1, 3), 32);
  const ab2 = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const cd2 = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 0, 2), 64);
  v128.store(to, v128.shuffle<i64>(ab2, cd2, 1, 3), 96);
}

/** Packs `steps` steps of k, `along` bytes apart, of at most eight columns, `across` bytes apart. Missing columns are 0. */
export function packFloats(from: usize, steps: i32, along: i32, columns: i32, across: i32, to: usize): void {
  let k = 0;
  if (columns == 8 && across == 4) {
    for (; k < steps; k++) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += along;
      to += 32;
    }
  } else if (columns == 8 && along == 4) {
    for (; k + 4 <= steps; k += 4) {
      transpose(from, across, to);
      transpose(from + 4 * across, across, to + 16);
      from += 16;
      to += 128;
    }
  }
  for (; k < steps; k++) {
    v128.store(to, i32x4.splat(0));
    v128.store(to, i32x4.splat(0), 16);
    for (let column = 0; column < columns; column++) {
      store<f32>(to + ((<usize>column) << 2), load<f32>(from + column * across));
    }
    from += along;
    to += 32;
  }
}

/**
 * Packs `rows` rows of a transposed A, [k][row] with steps of k `stride` bytes apart, four rows a tile: element k of row r
 * is at to + (r >> 2) * steps * 16 + k * 16 + (r & 3) * 4. Rows are filled up to a multiple of 4 with what follows.
 */
export function packFloatRows(from: usize, steps: i32, stride: usize, rows: i32, to: usize): void {
  for (let r = 0; r < rows; r += 4) {
    let at = from + ((<usize>r) << 2);
    for (let k = 0; k < steps; k++) {
      v128.store(to, v128.load(at));
      at += stride;
      to += 16;
    }
  }
}
