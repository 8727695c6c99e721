import { deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fileKind, kindHint } from '../../src/data/readers.js';
import { pngFile } from './images.js';
import { encodeIdx, range } from './support.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

describe('fileKind', () => {
  test.each([
    ['empty', new Uint8Array()],
    ['a web page (HTML)', utf8('<!DOCTYPE html>\n<html>')],
    ['a web page (HTML)', utf8('\uFEFF \n<HTML lang="en">')],
    ['a web page (HTML)', utf8('<!-- saved -->\n<!doctype HTML>')],
    ['a web page (HTML)', utf8('<head><title>404</title>')],
    ['an XML file', utf8('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>')],
    ['an XML file', utf8('<svg xmlns="http://www.w3.org/2000/svg">')],
    ['a pointer of Git LFS, not the file itself', utf8('version https://git-lfs.github.com/spec/v1\noid')],
    ['JSON text', utf8('{"error": "not found"}')],
    ['JSON text', utf8('[[1, 2], [3, 4]]')],
    ['a PDF document', utf8('%PDF-1.7')],
    ['a gzip file', gzipSync('x')],
    ['a ZIP archive (.zip, .xlsx, .npz)', latin1('PK\x03\x04\x14')],
    ['a bzip2 file', latin1('BZh91AY&SY')],
    ['an xz file', latin1('\xfd7zXZ\0')],
    ['a Zstandard file', latin1('\x28\xb5\x2f\xfd')],
    ['a tar archive', latin1(`data.bin${'\0'.repeat(249)}ustar`)],
    ['a PNG image', pngFile({ width: 1, height: 1 }, [0, 1])],
    ['a JPEG image', latin1('\xff\xd8\xff\xe0')],
    ['a GIF image', utf8('GIF89a')],
    ['a WebP image', latin1('RIFF\x10\0\0\0WEBPVP8 ')],
    ['a BMP image', latin1('BM\x46\0\0\0\0\0\0\0\x36')],
    ['a TIFF image', latin1('II*\0')],
    ['an image or film of the MPEG-4 family (HEIC, AVIF)', latin1('\0\0\0\x18ftypheic')],
    ['a NumPy array (.npy)', latin1('\x93NUMPY\x01\0')],
    ['an HDF5 file', latin1('\x89HDF\r\n\x1a\n')],
    ['a Parquet file', latin1('PAR1')],
    ['an SQLite database', latin1('SQLite format 3\0')],
    ['an IDX file', encodeIdx([3], [0, 1, 2])],
    ['text in UTF-16', latin1('\xff\xfea\0')],
    ['text in UTF-16', latin1('a\0,\0')],
    ['text in UTF-16', latin1('\0a\0,')],
  ])('%s', (name, bytes) => {
    expect(fileKind(bytes)?.name).toBe(name);
    expect(kindHint(bytes)).toMatch(/^; it is .*: ./);
  });

  test.each([
    ['a table', utf8('a,b,label\n1,2,x\n')],
    ['a table whose first column is BMI', utf8('BMI,age,label\n21.5,30,0\n')],
    ['a table of words that begin like marks', utf8('PAR,GIF,label\n1,2,x\n')],
    ['numbers', utf8('5,0,0,0\n')],
    ['any bytes', Uint8Array.from(range(200), (i) => 100 + i)],
    ['a raw deflate stream', deflateRawSync('x')],
  ])('unknown: %s', (_, bytes) => {
    expect(fileKind(bytes)).toBeUndefined();
    expect(kindHint(bytes)).toBe('');
  });
});
