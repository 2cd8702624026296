import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/* Both appearances can be read by everybody: WCAG AA of every pair of colours that text is set in. */

const STYLES = readFileSync(new URL('./styles.css', import.meta.url), 'utf8');
/** What text of normal size needs. */
const LEAST = 4.5;
/** What a line needs that says something, such as a bar of a chart. */
const LEAST_OF_SHAPES = 3;

/** The colours below a selector, by their names. */
function coloursOf(selector: string): ReadonlyMap<string, string> {
  const from = STYLES.indexOf(`${selector} {`);
  const block = STYLES.slice(from, STYLES.indexOf('}', from));
  return new Map([...block.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name = '', hex = '']) => [name, hex]));
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((first, second) => first - second);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT: readonly (readonly [text: string, ground: string])[] = [
  ...['page', 'surface', 'raised'].flatMap((ground) => [['ink', ground] as const, ['muted', ground] as const]),
  ...['good', 'warn', 'bad', 'info'].map((tone) => [tone, `${tone}-soft`] as const),
  ['bad', 'page'],
  ['bad', 'surface'],
  ['bad', 'raised'],
  ['on-accent', 'accent'],
  ['on-bad', 'bad'],
  // What is said in passing.
  ['page', 'ink'],
];
const SHAPES: readonly (readonly [shape: string, ground: string])[] = ['accent', 'good', 'warn', 'bad', 'info'].map(
  (shape) => [shape, 'surface'],
);

describe.each([
  ['light', ':root'],
  ['dark', ':root[data-theme="dark"]'],
])('the %s appearance', (_, selector) => {
  const colours = coloursOf(selector);
  const of = (name: string): string => {
    const hex = colours.get(name);
    if (hex === undefined) throw new Error(`No colour is called ${name}`);
    return hex;
  };

  test.each(TEXT)('%s can be read on %s', (text, ground) => {
    expect(contrast(of(text), of(ground))).toBeGreaterThanOrEqual(LEAST);
  });
  test.each(SHAPES)('%s can be told from %s', (shape, ground) => {
    expect(contrast(of(shape), of(ground))).toBeGreaterThanOrEqual(LEAST_OF_SHAPES);
  });
});
