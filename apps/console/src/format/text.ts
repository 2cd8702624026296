/** An address for narrow places: its ends, never its middle. The whole of it is always at hand beside it. */
export const shortAddress = (address: string): string =>
  address.length <= 12 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;

/**
 * The end of an id, which tells it from others: what it begins with is a time, the same for all of some weeks.
 * @example shortId('0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14') // "…8d9e0f14"
 */
export const shortId = (id: string): string => `…${id.slice(-8)}`;

const pad = (value: number): string => String(value).padStart(2, '0');

/**
 * Time that is left, as a clock shows it.
 * @example countdown(3_725_000) // "1:02:05"
 */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${pad(minutes)}:${pad(rest)}`;
}

/** What turns the direction of what follows, joins or hides: nothing of it can be seen, and all of it changes what is read. */
const HIDDEN = /[\p{Cf}\p{Cc}\p{Zl}\p{Zp}\u{115f}\u{1160}\u{3164}\u{ffa0}]|\u{34f}/gu;

/**
 * A text that somebody else has chosen (a name, a memo), with what cannot be seen of it made visible: it neither turns the
 * direction of the words around it, nor looks like another text.
 * @example plain('shop\u202eper') // "shop▯per"
 */
export const plain = (text: string): string => text.replaceAll(HIDDEN, '▯');

/** A name as somebody can type it: without what cannot be seen, and with single blanks between its words. */
const typeable = (name: string): string => name.normalize('NFKC').replaceAll(HIDDEN, '').replaceAll(/\s+/g, ' ').trim();

/**
 * Whether somebody has typed a name to confirm something. What the page cannot show, nobody has to type; a name of which
 * nothing can be seen is confirmed by what stands in for it.
 * @param otherwise stands in for a name that nobody can type
 */
export const hasTyped = (typed: string, name: string, otherwise: string): boolean =>
  typeable(typed) === typeableName(name, otherwise);

/** What somebody has to type to confirm a name. */
export const typeableName = (name: string, otherwise: string): string => typeable(name) || otherwise;
