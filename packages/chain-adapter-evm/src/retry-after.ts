/** Longest wait that is honoured; a node cannot park us. */
const MAX_WAIT_MS = 30_000;

/**
 * Reads a `Retry-After` header: seconds or an HTTP date.
 * @returns ms from now, at most 30,000; undefined when there is none that makes sense.
 */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const seconds = /^[0-9]{1,6}$/.test(header.trim()) ? Number(header) : Number.NaN;
  const wait = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1_000;
  if (Number.isNaN(wait) || wait < 0) return undefined;
  return Math.min(wait, MAX_WAIT_MS);
}
