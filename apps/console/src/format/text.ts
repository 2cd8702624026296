/** An address for narrow places: its ends, never its middle. The whole of it is always at hand beside it. */
export const shortAddress = (address: string): string =>
  address.length <= 12 ? address : `${address.slice(0, 4)}…${address.slice(-4)}`;

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
