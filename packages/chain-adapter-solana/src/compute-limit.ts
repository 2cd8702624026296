import { Buffer } from 'node:buffer';
import type { PaymentContent } from './payment-message.ts';

/** Most compute units a transaction may ask for; a rule of the protocol. */
const PROTOCOL_MAX = 1_400_000;
/** Units left above the base limit for telling equal payments apart (02 §9). */
export const TWIN_ROOM = 50_000;
/** Highest base limit. */
const MAX_UNIT_LIMIT = PROTOCOL_MAX - TWIN_ROOM;

/** What each instruction of the runtime's own programs takes: a transfer, a limit, a price. It is charged flat. */
const FLAT_UNITS = 150;
/** Three of these. No transaction of ours takes less (02 §11). */
const LEAST_UNITS = 3 * FLAT_UNITS;
/** A fifth on top, because what is measured now may take a little more when it lands. */
const withMargin = (units: number): number => Math.ceil(units * 1.2);

/** Limit of a plain transfer of the native asset: what it takes never differs, so that it need not be measured. */
export const PLAIN_TRANSFER_LIMIT = withMargin(LEAST_UNITS);

/**
 * Limit of a payment that took so many units in a simulation.
 * @param units without an instruction that sets a price, which is added
 */
export const limitFromUnits = (units: number): number =>
  Math.min(withMargin(Math.max(units + FLAT_UNITS, LEAST_UNITS)), MAX_UNIT_LIMIT);

/**
 * Token programs differ between clusters: the newest takes about 100 units for a transfer, the oldest ones thousands. Creating
 * an account takes the more the longer its address had to be searched for.
 */
const TOKEN_TRANSFER = 30_000;
const ACCOUNT_CREATION = 120_000;
const ACCOUNT_CLOSING = 10_000;

/**
 * What the memo program takes depends on the build a cluster runs. The newer one needs under 500 units for any memo; the
 * older one prints the text character by character: some 350 units for a byte, up to 9,000 for a character outside
 * ASCII.
 */
const MEMO_START = 6_000;
const MEMO_BYTE = 500;
const MEMO_NON_ASCII = 12_000;

const NON_ASCII = /[^\p{ASCII}]/gu;

function memoUnits(memo: string): number {
  const nonAscii = memo.match(NON_ASCII)?.length ?? 0;
  return MEMO_START + Buffer.byteLength(memo, 'utf8') * MEMO_BYTE + nonAscii * MEMO_NON_ASCII;
}

/**
 * A limit that is enough on any cluster: for the simulation that measures, and for payments that cannot be measured. One that
 * is too low fails the payment, one that is too high only rounds the priority bid up.
 */
export function generousLimit({ route, closed, memo }: PaymentContent): number {
  const token = route === undefined ? 0 : TOKEN_TRANSFER + (route.createsDestination ? ACCOUNT_CREATION : 0);
  const closing = closed === undefined ? 0 : ACCOUNT_CLOSING;
  const units = LEAST_UNITS + token + closing + (memo === undefined ? 0 : memoUnits(memo));
  return Math.min(withMargin(units), MAX_UNIT_LIMIT);
}
