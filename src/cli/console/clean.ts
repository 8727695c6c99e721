/**
 * What may reach a terminal. Names of classes, columns, files and networks come from files that others wrote: an escape
 * sequence in one could clear the screen, set the title or hide a line, and a change of direction could reorder one.
 */

const ESCAPE = '\u001b';
/** The colours that `Terminal.colour` makes, and no other sequence. */
const COLOUR = `${ESCAPE}\\[(?:1|2|22|3[1-6]|39)m`;
/** Controls, separators of lines, changes of direction and halves of pairs; line ends and tabs are harmless. */
const HARMFUL = '(?!\\n|\\t|\\r\\n)[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Bidi_Control}\\p{Cs}]';
const PLAIN = new RegExp(HARMFUL, 'gu');
const COLOURED = new RegExp(`${COLOUR}|${HARMFUL}`, 'gu');

/**
 * Text for a terminal: what is harmful is written as `\u001b`, so that it can be seen. JSON stays JSON of the same value.
 * With `isInColour` the colours of the command line stay; a colour that a name begins ends with the text.
 */
export function terminalText(text: string, isInColour = false): string {
  if (!isInColour) return text.replace(PLAIN, visible);
  const clean = text.replace(COLOURED, (found) => (found.length > 1 ? found : visible(found)));
  return clean.includes(ESCAPE) ? `${clean}${ESCAPE}[0m` : clean;
}

/** The same for one line: line ends and tabs become blanks. */
export function oneLine(text: string): string {
  return terminalText(text.replace(/[\r\n\t]+/g, ' '));
}

function visible(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
