/*
 * What whitelists, rates and hours say about a payment. Written without a look at the daemon's code: the reference that it is
 * held against.
 */

/** The rules of the other three types that hold for an agent; null where there is none. */
export interface OtherRules {
  readonly whitelist: readonly string[] | null;
  readonly rate: { readonly perHour: number; readonly perDay: number } | null;
  readonly hours: { readonly start: number; readonly end: number; readonly timezone: string } | null;
}

/** Whether a list allows a recipient. An empty list is no list. */
export const isListed = (whitelist: OtherRules['whitelist'], to: string): boolean =>
  whitelist === null || whitelist.length === 0 || whitelist.includes(to);

/** Which rate is broken by a payment at a time, given when those before it were asked for, Unix seconds. */
export function brokenRate(rate: OtherRules['rate'], earlier: readonly number[], now: number): string | null {
  if (rate === null) return null;
  const since = (seconds: number): number => earlier.filter((at) => at > now - seconds).length;
  if (rate.perHour > 0 && since(3600) >= rate.perHour) return `${since(3600)} payments before it within an hour`;
  if (rate.perDay > 0 && since(86_400) >= rate.perDay) return `${since(86_400)} payments before it within a day`;
  return null;
}

/** Whether the clock on the wall shows an allowed hour. */
export function isWithinHours(hours: OtherRules['hours'], now: number): boolean {
  if (hours === null) return true;
  const { start, end, timezone } = hours;
  const shown = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', hourCycle: 'h23' });
  const hour = Number(shown.format(new Date(now * 1000)));
  return start < end ? start <= hour && hour < end : hour >= start || hour < end;
}
