/** Text that somebody else chose: an agent's name, a memo, a reason. Channels set it apart and take no markup from it. */
export interface Foreign {
  readonly foreign: string;
}

/** A part of a text: words of ours, or somebody else's. */
export type Piece = string | Foreign;

/** A text of a message. */
export type Text = readonly Piece[];

/** Longest foreign text that a message quotes, in characters. */
const FOREIGN_MAX = 500;

/**
 * One line of what can be shown: control characters, line breaks and characters that change the direction or hide things
 * are replaced, and half characters mended. The joiner stays, for emoji and scripts need it.
 */
export const oneLine = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/(?!\u200d)\p{Cf}/gu, '')
    .trim();

/** Cuts a text to so many characters, never inside of one. */
export function cut(text: string, max: number): string {
  const characters = [...text];
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`;
}

/** Marks a text as somebody else's. */
export const foreign = (text: string): Foreign => {
  const line = cut(oneLine(text), FOREIGN_MAX);
  return { foreign: line === '' ? '—' : line };
};

/**
 * Puts a text together; foreign parts stay what they are.
 * @example say`Agent ${foreign(name)} wants to pay.`
 */
export function say(strings: TemplateStringsArray, ...values: readonly (Piece | Text | number)[]): Text {
  const pieces: Piece[] = [];
  const add = (piece: Piece): void => {
    const last = pieces.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') pieces[pieces.length - 1] = last + piece;
    else if (piece !== '') pieces.push(piece);
  };
  strings.forEach((words, index) => {
    add(words);
    const value = values[index];
    if (typeof value === 'number') add(String(value));
    else if (typeof value === 'string') add(value);
    else if (value !== undefined) for (const piece of 'foreign' in value ? [value] : value) add(piece);
  });
  return pieces;
}

/** How a service writes the two kinds of text, and how it counts what it takes. */
export interface Style {
  readonly plain: (words: string) => string;
  readonly foreign: (words: string) => string;
  readonly measure: (written: string) => number;
}

/** Length in UTF-16 code units. */
export const units = (written: string): number => written.length;
/** Length in bytes of UTF-8. */
export const bytes = (written: string): number => Buffer.byteLength(written, 'utf8');

/** Text without any markup; what is foreign stands in quotes. */
export const PLAIN_STYLE: Style = { plain: (words) => words, foreign: (words) => `“${words}”`, measure: units };

/**
 * Writes a text in the style of a service within so many of its units. Cut is what was said, before it is written, so
 * that no escape is cut in half and every mark is closed.
 */
export function write(text: Text, style: Style, max: number): string {
  let written = '';
  for (const piece of text) {
    const [words, mark] = typeof piece === 'string' ? [piece, style.plain] : [piece.foreign, style.foreign];
    const whole = written + mark(words);
    if (style.measure(whole) <= max) {
      written = whole;
      continue;
    }
    const characters = [...words];
    const cutAt = (count: number): string => written + mark(`${characters.slice(0, count).join('')}…`);
    let [fits, tooLong] = [-1, characters.length];
    while (tooLong - fits > 1) {
      const middle = (fits + tooLong) >> 1;
      if (style.measure(cutAt(middle)) <= max) fits = middle;
      else tooLong = middle;
    }
    return fits < 0 ? written : cutAt(fits);
  }
  return written;
}
