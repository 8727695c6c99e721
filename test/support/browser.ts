/** Headless Chromium for tests of pages, and the message of a test that is skipped without it. */
import { existsSync } from 'node:fs';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why no page can be opened here; undefined if one can. */
export const noBrowser = existsSync(CHROMIUM)
  ? undefined
  : `${CHROMIUM} is missing: install the Debian package chromium`;

/** Opens a page in a separate browser, which is closed when `visit` is done. */
export async function withPage<T>(visit: (page: Page) => Promise<T>): Promise<T> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    return await visit(await browser.newPage());
  } finally {
    await browser.close();
  }
}
