/** Reads what the document tests look at out of Markdown: links, headings, code blocks, paths of the repository. */

export interface CodeBlock {
  readonly language: string;
  readonly code: string;
}

const FENCE = /^```(\w*)[^\n]*\n(.*?)^```$/gms;

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(FENCE)].map((match) => ({ language: match[1]!, code: match[2]! }));
}

/** Targets of `[text](target)` and `![text](target)` outside of code blocks. */
export function links(markdown: string): string[] {
  const prose = markdown.replace(FENCE, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(<?([^)\s>]+)>?(?: "[^"]*")?\)/g)].map((match) => match[1]!);
}

/** What people read: no code blocks, link targets or HTML tags; code in a line is `x`; `;` parts blocks and items. */
export function prose(markdown: string): string {
  return markdown
    .replace(FENCE, '')
    .replace(/`[^`\n]*`/g, '`x`')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/<\/?\w+>/g, '')
    .replace(/^#+ .*$/gm, '$&.')
    .replace(/\n(?:\n|[ \t]*(?:[-*]|\d+\.|\|) )/g, ' ; ');
}

/** The anchors that headings get: lower case, punctuation dropped, blanks become hyphens. */
export function anchors(markdown: string): string[] {
  const headings = [...markdown.replace(FENCE, '').matchAll(/^#{1,6} +(.+)$/gm)].map((match) => match[1]!);
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Files and folders of the repository that the text names (`src/plan/ops.ts`, `src/nn/layers/`, `src/backend/wasm/host-*.ts`). */
export function repositoryPaths(markdown: string): string[] {
  const pattern = /(?<![\w./-])(?:src|test|assembly|scripts|bench|docs|\.ci)\/[\w.*/-]*[\w*/]/g;
  return [...new Set([...markdown.matchAll(pattern)].map((match) => match[0]))];
}

/** Lines of shell blocks that call the command: their words after `fewbit`, without comments and continuations. */
export function commandLines(markdown: string): string[][] {
  return codeBlocks(markdown)
    .filter(({ language }) => ['', 'sh', 'bash', 'console', 'shell'].includes(language))
    .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => /^(?:\$ )?(?:npx )?fewbit (.*?)(?: +#.*)?$/.exec(line)?.[1])
    .filter((line) => line !== undefined)
    .map((line) => line.trim().split(/\s+/));
}
