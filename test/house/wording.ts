/**
 * The house rules of English, as data: phrases that read as if they were translated, each with a better form. It also
 * takes the prose out of Markdown and TypeScript. docs.test.ts applies the rules; CONTRIBUTING.md explains them.
 */
import ts from 'typescript';
import { prose } from './markdown.js';

/** A phrase to avoid, and what to write. */
interface Habit {
  readonly phrase: RegExp;
  readonly better: string;
}

const THING =
  '(?:byte|cell|class|colour|column|entry|file|folder|image|job|line|mark|object|op|page|process|row|step|table|task|word)';

const HABITS: readonly Habit[] = [
  {
    phrase:
      /\bwhere (?:there|an?|no|none|nothing|both|several|all|only)\b|\bwhere (?:it|they)\b(?! (?:stopped|stood|began|lies?|left off|came from|comes? from|(?:was|were) interrupted))/gi,
    better: 'if, when; "where" is for places',
  },
  { phrase: /\bsome (?:\d[\d.,]*|ten|twenty|fifty|hundred|thousand)\b/gi, better: 'about n' },
  { phrase: /\bso (?:many|few)\b(?! that)/gi, better: 'n, that many, the number of' },
  { phrase: /\b(?:nobody|whoever|whosoever)\b/gi, better: 'name who acts, or use the passive' },
  { phrase: /\banew\b/gi, better: 'again, from scratch; rebuilt' },
  { phrase: /\b(?:go|goes|going|gone|went) on\b/gi, better: 'continue' },
  { phrase: /\bone after the other\b/gi, better: 'in turn, in sequence' },
  { phrase: /\bin (?:the )?place of\b/gi, better: 'instead of; replaces' },
  { phrase: /\btold\b/gi, better: 'printed, reported, known; distinguished' },
  { phrase: /\b(?:says|said|saying)\b/gi, better: 'prints, reports, states, names' },
  { phrase: /\bby (?:itself|themselves)\b/gi, better: 'automatically, alone, separately' },
  { phrase: /\bof (?:its|their|one's|ours|his) own\b/gi, better: 'its own x, a separate x' },
  { phrase: /\band (?:its|their) kind\b/gi, better: 'and related functions, or list them' },
  { phrase: /\b(?:that|which) (?:is|are) not (?:0|zero)\b/gi, better: 'non-zero' },
  { phrase: /\bbut for\b/gi, better: 'except for' },
  {
    phrase:
      /(?<!there )\b(?:is|are|was|were) no (?:number|image|product|epoch|folder|file|run|format|integer|name|json)\b/gi,
    better: 'is not a',
  },
  { phrase: /\b(?:held|set) against\b|\bheld to\b/gi, better: 'compared with' },
  { phrase: /\bin turns\b/gi, better: 'alternately' },
  { phrase: /\bat hand\b/gi, better: 'current, this' },
  { phrase: /\bwhether it be\b|\bbe it\b/gi, better: 'whether it is' },
  {
    phrase: new RegExp(String.raw`\b(?:an?|one|two) ${THING}s? an? (?!time)\w+`, 'gi'),
    better: 'x per y, one x for each y',
  },
];

/** Every phrase of `text` that the list names, with the better form. */
export function habits(text: string): string[] {
  const flat = text.replace(/\s+/g, ' ');
  return HABITS.flatMap(({ phrase, better }) =>
    [...flat.matchAll(phrase)].map(({ 0: found, index }) => {
      const around = flat.slice(Math.max(0, index - 30), index + found.length + 30).trim();
      return `"${found}" in "${around}": write ${better}`;
    }),
  );
}

export const habitsOfDocument = (markdown: string) => habits(prose(markdown));

/** Comments of TypeScript, those of several lines joined. */
export function comments(source: string): string[] {
  const pattern = /^[ \t]*\/\*[^]*?\*\/|(?:(?:^|[;,{}()\]])[ \t]*\/\/[^\n]*\n?)+/gm;
  return [...source.matchAll(pattern)].map(([text]) =>
    text.replace(/^[ \t]*(?:\/\*\*?|\*\/|\*|[;,{}()\]]?[ \t]*\/\/)/gm, ' ').replace(/`[^`\n]*`/g, '`x`'),
  );
}

/** String literals of at least three words: help texts, messages. */
export function texts(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      if (/\w+ \w+ \w+/.test(node.text)) found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('x.ts', source, ts.ScriptTarget.Latest));
  return found;
}
