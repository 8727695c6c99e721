/**
 * What a reader with a telephone cannot read of a page: elements wider than the screen, unless they scroll on their own below a
 * line that mentions this; texts of charts that are cut off or too small. Measured in a real browser.
 */
import { withPage } from './browser.js';

const WIDTH = 390;
/** Of the text of a chart, as it is on the screen. */
const LEAST_PIXELS = 9;

/** The faults of a page at 390 pixels, as texts; none if it is readable. */
export async function faultsOnTelephone(html: string): Promise<string[]> {
  return withPage(async (page) => {
    await page.setViewportSize({ width: WIDTH, height: 844 });
    await page.setContent(html);
    return page.evaluate(findFaults, LEAST_PIXELS);
  });
}

/** Runs in the page. */
async function findFaults(leastPixels: number): Promise<string[]> {
  const faults: string[] = [];
  for (const folded of document.querySelectorAll('details')) folded.open = true;
  // The line above what scrolls comes with the next frame.
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  const width = window.innerWidth;
  const named = (element: Element): string =>
    `<${element.tagName.toLowerCase()} class="${element.getAttribute('class') ?? ''}"> "${(element.textContent ?? '').slice(0, 40)}"`;
  if (document.documentElement.scrollWidth > width) faults.push('the page scrolls sideways');
  const isScroller = (element: Element): boolean =>
    /auto|scroll/.test(getComputedStyle(element).overflowX) && element.scrollWidth > element.clientWidth;
  const hasHint = (element: Element): boolean => {
    const { display, content } = getComputedStyle(element, '::before');
    return display !== 'none' && content.includes('Scroll sideways');
  };
  for (const element of document.body.querySelectorAll('*')) {
    const { left, right } = element.getBoundingClientRect();
    if (right > left && (right > width + 1 || left < -1)) {
      let scroller: Element | null = element;
      while (scroller !== null && !isScroller(scroller)) scroller = scroller.parentElement;
      if (scroller === null) faults.push(`wider than the page: ${named(element)}`);
    }
    if (isScroller(element) !== hasHint(element) && element.matches('.wide, pre')) {
      faults.push(
        `scrolls ${isScroller(element) ? 'without a hint' : 'not, with a hint'}: ${named(element)}`,
      );
    }
  }
  for (const chart of document.querySelectorAll('svg[role="img"]')) {
    const frame = chart.getBoundingClientRect();
    if (frame.width === 0) continue;
    for (const text of chart.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      const scale = text.getScreenCTM()?.a ?? 1;
      if (box.left < frame.left - 2 || box.right > frame.right + 2) faults.push(`cut off: ${named(text)}`);
      if (scale * parseFloat(getComputedStyle(text).fontSize) < leastPixels)
        faults.push(`too small: ${named(text)}`);
    }
  }
  return faults;
}
