/** Tells the story in lines for people; colours on a terminal only. */
export interface Narrator {
  /** A new scene. */
  scene(title: string): void;
  /** Something that happens. */
  say(text: string): void;
  /** A named value. */
  show(name: string, value: string): void;
  /** A claim that was checked. */
  claim(text: string, held: boolean, found: string): void;
  blank(): void;
}

/** A claim and whether it held. */
export interface Claim {
  readonly text: string;
  readonly held: boolean;
  readonly found: string;
}

/** Makes a narrator that writes lines, and the list of claims it was told of. */
export function createNarrator(
  write: (line: string) => void,
  colours: boolean,
): { narrator: Narrator; claims: readonly Claim[] } {
  const paint = (code: number, text: string): string => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  const claims: Claim[] = [];
  let scenes = 0;
  return {
    claims,
    narrator: {
      scene(title) {
        write('');
        write(paint(1, `${++scenes}. ${title}`));
      },
      say: (text) => write(`   ${text}`),
      show: (name, value) => write(`     ${paint(2, `${name}:`.padEnd(12))} ${value}`),
      claim(text, held, found) {
        claims.push({ text, held, found });
        write(`   ${held ? paint(32, '✓') : paint(31, '✗')} ${text}${held ? '' : ` — but: ${found}`}`);
      },
      blank: () => write(''),
    },
  };
}
