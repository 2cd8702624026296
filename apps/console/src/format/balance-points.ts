import type { AssetsResponse, BalanceHistoryResponse } from '@waiaas/sdk';

type Series = BalanceHistoryResponse['series'][number];

/** What a wallet holds, and when that was read from the chain, ISO 8601. */
export interface Held {
  readonly readAt: string;
  readonly assets: AssetsResponse['assets'];
}

/**
 * The history of an asset, gone on with to what the wallet holds now: the daemon looks every quarter of an hour, and what came or
 * went since then belongs to the line as well.
 * @param held undefined: not known
 */
export function upToNow(series: Series, held: Held | undefined): Series {
  const now = held?.assets.find(({ asset }) => asset === series.asset);
  const last = series.points.at(-1);
  // Of another measure, nothing may be drawn on one line with it.
  if (held === undefined || now?.decimals !== series.decimals) return series;
  if (last !== undefined && Date.parse(held.readAt) <= Date.parse(last.at)) return series;
  return { ...series, points: [...series.points, { at: held.readAt, balance: now.balance }] };
}
