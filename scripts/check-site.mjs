// Checks the site that TypeDoc wrote into build/site, without a network: every link of a page leads to a file that is
// there and, if it names a place, to an element with that id. Prints the broken links and ends with 1 if there are any.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const site = join(import.meta.dirname, '../build/site');
const pages = readdirSync(site, { recursive: true }).filter((name) => name.endsWith('.html'));

/** @type {Map<string, Set<string>>} */
const ids = new Map();
function idsOf(page) {
  if (!ids.has(page)) {
    const text = readFileSync(join(site, page), 'utf8');
    ids.set(page, new Set([...text.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])));
  }
  return ids.get(page);
}

/** Why a link of a page leads nowhere; nothing if it leads somewhere, or out of the site. */
function fault(page, link) {
  if (/^(https?|mailto|data):/.test(link)) return;
  const [path, anchor] = decodeURI(link.replaceAll('&amp;', '&')).split('#');
  const target = path === '' ? page : relative(site, join(site, dirname(page), path));
  if (target.startsWith('..') || !existsSync(join(site, target))) return 'no such file';
  if (anchor && target.endsWith('.html') && !idsOf(target).has(anchor)) return 'no such place';
  return;
}

let links = 0;
const broken = [];
for (const page of pages) {
  const text = readFileSync(join(site, page), 'utf8').replace(/<script>.*?<\/script>/gs, '');
  for (const [, link] of text.matchAll(/\s(?:href|src)="([^"]*)"/g)) {
    links++;
    const why = fault(page, link);
    if (why) broken.push(`${page}: ${link}: ${why}`);
  }
}
for (const line of new Set(broken)) console.error(line);
console.log(`${String(pages.length)} pages, ${String(links)} links, ${String(new Set(broken).size)} broken`);
if (pages.length === 0 || broken.length > 0) process.exitCode = 1;
