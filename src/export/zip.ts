/**
 * ZIP archives of files stored as they are, without compression: all that a NumPy archive needs.
 * Source: PKWARE, .ZIP File Format Specification (APPNOTE.TXT), sections 4.3.7, 4.3.12 and 4.3.16.
 */
import { crc32 } from '../data/readers.js';
import { InputError } from '../numerics/index.js';

const LOCAL_FILE = 0x04034b50;
const CENTRAL_FILE = 0x02014b50;
const END = 0x06054b50;
/** Version 2.0, and the flag of names in UTF-8. */
const VERSION = 20;
const UTF8 = 0x0800;
/** 1 January 1980, the earliest date there is: equal contents give equal bytes. */
const DATE = 0x0021;
/** Sizes and offsets are unsigned words of 32 bits. */
const MOST_BYTES = 0xffffffff;

/**
 * An archive of the files in order.
 * @throws RangeError if it would be larger than 4 GiB.
 */
export function zipStored(files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let offset = 0;
  for (const [name, bytes] of files) {
    const nameBytes = new TextEncoder().encode(name);
    // What both headers have: from the flags to the lengths of name and extra field.
    const shared: Field[] = [
      ...[{ u16: UTF8 }, { u16: 0 }, { u16: 0 }, { u16: DATE }],
      ...[{ u32: crc32(bytes) }, { u32: bytes.length }, { u32: bytes.length }],
      ...[{ u16: nameBytes.length }, { u16: 0 }],
    ];
    const local = record([{ u32: LOCAL_FILE }, { u16: VERSION }, ...shared]);
    const rest: Field[] = [{ u16: 0 }, { u16: 0 }, { u16: 0 }, { u32: 0 }, { u32: offset }];
    central.push(
      record([{ u32: CENTRAL_FILE }, { u16: VERSION }, { u16: VERSION }, ...shared, ...rest]),
      nameBytes,
    );
    parts.push(local, nameBytes, bytes);
    offset += local.length + nameBytes.length + bytes.length;
  }
  const centralBytes = central.reduce((sum, { length }) => sum + length, 0);
  if (offset + centralBytes > MOST_BYTES) {
    throw new InputError(
      `zip: an archive must be smaller than 4 GiB, got ${offset} bytes; export fewer vectors`,
    );
  }
  const counts: Field[] = [{ u16: files.size }, { u16: files.size }, { u32: centralBytes }, { u32: offset }];
  parts.push(...central, record([{ u32: END }, { u16: 0 }, { u16: 0 }, ...counts, { u16: 0 }]));
  return joined(parts);
}

/** An unsigned number of a header, little-endian. */
type Field = { readonly u16: number } | { readonly u32: number };

function record(fields: readonly Field[]): Uint8Array {
  const view = new DataView(
    new ArrayBuffer(fields.reduce((sum, field) => sum + ('u16' in field ? 2 : 4), 0)),
  );
  let at = 0;
  for (const field of fields) {
    if ('u16' in field) view.setUint16(at, field.u16, true);
    else view.setUint32(at, field.u32, true);
    at += 'u16' in field ? 2 : 4;
  }
  return new Uint8Array(view.buffer);
}

/** All parts, in order. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
