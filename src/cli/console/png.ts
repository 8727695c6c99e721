/** SVG to PNG, the same pixels on every machine: resvg as WebAssembly, with a font that comes with the program. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Pixels of the picture for one of the drawing: sharp in print at half the size. */
const ZOOM = 2;
const FONT_FAMILY = 'DejaVu Sans';
/** A function that renders SVG as PNG; made once a process, because the module can be loaded only once. */
export async function pngRenderer(): Promise<(svg: string) => Uint8Array> {
  const require = createRequire(import.meta.url);
  const { initWasm, Resvg } = await import('@resvg/resvg-wasm');
  await initWasm(readFileSync(require.resolve('@resvg/resvg-wasm/index_bg.wasm')));
  const fontBuffers = [
    require.resolve('@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff2'),
    require.resolve('@fontsource/dejavu-sans/files/dejavu-sans-latin-700-normal.woff2'),
  ].map((file) => new Uint8Array(readFileSync(file)));
  const font = { fontBuffers, defaultFontFamily: FONT_FAMILY, sansSerifFamily: FONT_FAMILY };
  return (svg) => {
    const drawing = new Resvg(svg, { font, fitTo: { mode: 'zoom', value: ZOOM } });
    try {
      const image = drawing.render();
      try {
        return image.asPng();
      } finally {
        image.free();
      }
    } finally {
      drawing.free();
    }
  };
}
