/**
 * Reads MarkdownV2 as the Bot API documents it, as far as the messages of this package use it: bold, italic, code, and the
 * 18 characters that must be escaped outside of code.
 *
 * @returns the text that people see, with its entities
 * @throws Error with the words of the Bot API
 */
export function readMarkdownV2(source: string): { readonly text: string; readonly code: readonly string[] } {
  const fail = (what: string): never => {
    throw new Error(`Bad Request: can't parse entities: ${what}`);
  };
  let text = '';
  const code: string[] = [];
  const open: string[] = [];
  for (let at = 0; at < source.length; at++) {
    const character = source[at] ?? '';
    if (character === '\\') {
      const next = source[at + 1];
      if (next === undefined) fail('A backslash escapes nothing');
      text += next;
      at++;
    } else if (character === '`') {
      let inside = '';
      for (at++; source[at] !== '`'; at++) {
        if (at >= source.length) fail("Can't find end of Code entity");
        if (source[at] === '\\') at++;
        inside += source[at];
      }
      if (inside === '') fail('An entity is empty');
      code.push(inside);
      text += inside;
    } else if (character === '*' || character === '_') {
      if (open.at(-1) === character) open.pop();
      else if (open.includes(character)) fail('Entities overlap');
      else open.push(character);
    } else if ('[]()~>#+-=|{}.!'.includes(character)) {
      fail(`Character '${character}' is reserved and must be escaped with the preceding '\\'`);
    } else {
      text += character;
    }
  }
  if (open.length > 0) fail(`Can't find end of the entity ${open.at(-1)}`);
  return { text, code };
}
