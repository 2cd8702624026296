import { Buffer } from 'node:buffer';

/** Most compute units a transaction may ask for; a rule of the protocol. */
const PROTOCOL_MAX = 1_400_000;
/** Units left above the base limit for telling equal payments apart (02 §9). */
export const TWIN_ROOM = 50_000;

/**
 * Transfer, limit and price instructions take exactly 150 units each, because the runtime charges them flat; a fifth on
 * top, as after a simulation (02 §11).
 */
const PLAIN_TRANSFER = 540;
/**
 * What the memo program takes depends on the build a cluster runs. The newer one needs under 500 units for any memo; the
 * older one prints the text character by character: some 350 units for a byte, up to 9,000 for a character outside
 * ASCII. A limit that is too low fails the payment, one that is too high only rounds the priority bid up, so the older
 * build sets the measure.
 */
const MEMO_START = 6_000;
const MEMO_BYTE = 500;
const MEMO_NON_ASCII = 12_000;

const NON_ASCII = /[^\p{ASCII}]/gu;

/**
 * Compute-unit limit of a payment, before it is told apart from its twins.
 * @example computeUnitLimit(undefined) // 540
 */
export function computeUnitLimit(memo: string | undefined): number {
  if (memo === undefined) return PLAIN_TRANSFER;
  const nonAscii = memo.match(NON_ASCII)?.length ?? 0;
  const units = PLAIN_TRANSFER + MEMO_START + Buffer.byteLength(memo, 'utf8') * MEMO_BYTE + nonAscii * MEMO_NON_ASCII;
  return Math.min(units, PROTOCOL_MAX - TWIN_ROOM);
}
