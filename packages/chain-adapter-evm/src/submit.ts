import { ChainError, GIVEN_UP, type SignedTransaction, type SubmitResult, UNDERPRICED } from '@waiaas/core';
import { bytesToHex, type Hex } from 'viem';
import type { AdapterContext } from './adapter-context.ts';
import type { ChainView } from './chain-view.ts';
import type { EndpointPool, EvmNode, PoolMember } from './endpoint-pool.ts';
import { type Fault, NodeFault } from './node-fault.ts';
import { decodePayment, transactionHash } from './payment-bytes.ts';
import type { Refuse } from './refuse.ts';
import { hashOf } from './rpc-answer.ts';

const METHOD = 'eth_sendRawTransaction';

/** Checks, before anything leaves, that the bytes are a signed transaction of this chain and the one they are said to be. */
function sendable({ bytes, txHash }: SignedTransaction, chainId: number, refuse: Refuse): Hex {
  const decoded = decodePayment(bytes);
  if (decoded === null || decoded.signature === null)
    throw refuse('SUBMIT_FAILED', 'The bytes are not a signed transaction');
  if (decoded.fields.chainId !== chainId) throw refuse('SUBMIT_FAILED', 'The transaction is for another chain');
  if (transactionHash(bytes) !== txHash) throw refuse('SUBMIT_FAILED', 'The transaction id is not that of the bytes');
  return bytesToHex(bytes);
}

/** Whether a node has a transaction, mined or waiting. @throws NodeFault */
const hasTransaction = async (node: EvmNode, txHash: string): Promise<boolean> =>
  (await node.request('eth_getTransactionByHash', [txHash])) !== null;

/** Where one endpoint left the bytes. */
type Handover = { readonly taken: true; readonly known: boolean } | { readonly taken: false; readonly why: NodeFault };

/** What is sent, and how. */
interface Parcel {
  readonly wire: Hex;
  readonly txHash: string;
  readonly mayGoOn: (() => boolean) | undefined;
}

/**
 * Sends a signed transaction: the same bytes, at most once to each endpoint, until one has them. That a node has them
 * already is a success.
 *
 * An error says in `mayHaveLanded` whether they may land all the same. They may not only when this adapter signed them and nobody can
 * have got them who has not refused them: an earlier send may be what makes this one fail. And only when every endpoint has
 * looked at them in this very call, has refused them, and has no trace of them afterwards; what one refuses, for what it has in
 * its pool or because it lies, another one takes. One that does not answer has a say for ten minutes as if it were to take them,
 * and is not handed them before it answers. Then their nonce is free, and they are never sent again, to whomever.
 * @param mayGoOn asked before they are handed to a further endpoint; what was refused so far may land where it says no
 * @throws ChainError SUBMIT_FAILED, INSUFFICIENT_BALANCE, EVM_NONCE_TOO_LOW, EVM_GAS_TOO_LOW, EVM_REVERT, RPC_ERROR,
 * NETWORK_ERROR.
 */
export async function submitPayment(
  context: AdapterContext,
  { pool }: ChainView,
  transaction: SignedTransaction,
  mayGoOn?: () => boolean,
): Promise<SubmitResult> {
  const { settings, turns } = context;
  const { refuse, parameters, clock, logger } = settings;
  const { txHash } = transaction;
  const wire = sendable(transaction, parameters.chainId, refuse);
  if (turns.isGivenUp(txHash)) {
    throw refuse('SUBMIT_FAILED', 'The transaction was given up, and its nonce with it; build a new one', {
      retryable: true,
      details: { reason: GIVEN_UP },
    });
  }
  // The mark is taken, so that of two who send it at once none calls it refused while the other hands it to somebody.
  const isUnheld = turns.takeUnheld(txHash);
  const wasHandedIn = !turns.isFresh(txHash);
  let mayHaveIt = wasHandedIn && !isUnheld;
  const refusals: NodeFault[] = [];
  /** Hosts that have not looked at it and have a say. */
  const silent: string[] = [];
  let isRefused = false;
  let isStopped = false;
  try {
    for (const member of pool.candidates()) {
      isStopped = refusals.length > 0 && mayGoOn?.() === false;
      if (isStopped) break;
      const looksFirst = !mayHaveIt && (isRefused || isUnheld);
      const handover = await handOver(context, pool, member, { wire, txHash, mayGoOn }, looksFirst);
      if (handover === null) continue;
      isStopped = handover === 'stopped';
      if (handover === 'stopped') break;
      if (handover.taken) {
        member.silence.answered();
        return { txHash, alreadyProcessed: handover.known };
      }
      const { why } = handover;
      const { outcome } = why.fault;
      refusals.push(why);
      if (outcome === 'refused') {
        member.silence.answered();
        isRefused = true;
      } else if (outcome === 'undelivered') {
        if (member.silence.askedInVain(clock.now())) silent.push(member.host);
      } else mayHaveIt = true;
    }
    if ((isRefused || isUnheld) && !mayHaveIt) {
      const haveAll = isRefused && !isStopped && silent.length === 0;
      if (haveAll) throw giveUp(context, pool, txHash, refusals, wasHandedIn);
      turns.markUnheld(txHash);
      if (isRefused && silent.length > 0) {
        const fields = { txHash, hosts: silent };
        logger.warn(fields, 'An RPC endpoint refuses a payment, and another one does not answer; it stays open');
      }
    }
  } finally {
    // Whatever became of it, it is recorded and followed by now.
    turns.sent(txHash);
  }
  const telling = mostTelling(refusals);
  if (telling !== undefined) throw pool.errorOf(telling, true);
  const [code, message] = isStopped
    ? (['SUBMIT_FAILED', 'Everything was stopped before the transaction was sent again'] as const)
    : (['WRONG_NETWORK', 'No RPC endpoint serves this network'] as const);
  throw new ChainError({ code, message, chain: settings.chain, mayHaveLanded: wasHandedIn });
}

/** Gives up what everybody has refused. Of what was handed in before, the error says so: such a refusal alone would prove nothing. */
function giveUp(
  { turns }: AdapterContext,
  pool: EndpointPool,
  txHash: string,
  refusals: readonly NodeFault[],
  wasHandedIn: boolean,
): ChainError {
  const telling = mostTelling(refusals);
  if (telling === undefined) throw new RangeError('Nobody has refused it');
  turns.giveUp(txHash);
  const { fault } = telling;
  const details = { ...fault.details, ...(wasHandedIn ? { reason: GIVEN_UP } : {}) };
  return pool.errorOf(changed(telling, { details }), false);
}

/**
 * Of what several endpoints said, what helps most: that it is too cheap, as it can be raised; or else what the first one that
 * looked at it had against it; or else the last word.
 */
const mostTelling = (refusals: readonly NodeFault[]): NodeFault | undefined =>
  refusals.find(({ fault }) => fault.details?.reason === UNDERPRICED) ??
  refusals.find(({ fault }) => fault.outcome === 'refused') ??
  refusals.at(-1);

/** JSON-RPC codes by which a node says that it does not do such a thing, or not for now: it has not looked at what it was sent. */
const TURNED_AWAY_CODES: ReadonlySet<unknown> = new Set([-32601, -32004, -32005, -32007, 429]);
/** What gateways say in place of the node. */
const TURNED_AWAY_STATUSES: ReadonlySet<unknown> = new Set([401, 403, 404, 405, 429]);

/** Whether bytes were turned away unread. Who lies gains nothing by saying so that a refusal would not give. */
const isTurnedAway = ({ details }: Fault): boolean =>
  TURNED_AWAY_CODES.has(details?.rpcCode) || TURNED_AWAY_STATUSES.has(details?.status);

/**
 * Sends to one endpoint; null when it serves another chain.
 * @param looksFirst whether it is asked for the transaction before it is handed it: one that does not answer must not get what may still
 *   be given up
 */
async function handOver(
  { settings }: AdapterContext,
  pool: EndpointPool,
  member: PoolMember,
  { wire, txHash, mayGoOn }: Parcel,
  looksFirst: boolean,
): Promise<Handover | 'stopped' | null> {
  const { logger, sendMs } = settings;
  let isSent = false;
  try {
    return await pool.at(member, async (node): Promise<Handover | 'stopped'> => {
      if (looksFirst) {
        if (await hasTransaction(node, txHash)) return { taken: true, known: true };
        // It may have taken its time to say so.
        if (mayGoOn?.() === false) return 'stopped';
      }
      let why: NodeFault;
      isSent = true;
      try {
        const told = hashOf(await node.request(METHOD, [wire], sendMs), 'transaction id');
        if (told !== txHash) {
          logger.error({ txHash, host: node.host }, 'The node names another transaction than the one it was sent');
        }
        return { taken: true, known: false };
      } catch (error) {
        if (!(error instanceof NodeFault) || error.fault.kind === 'endpoint') throw error;
        why = error;
      }
      const { fault } = why;
      if (fault.alarm === true) {
        logger.error(
          { txHash, host: node.host },
          'A node cannot read a transaction that was verified before it was sent',
        );
      }
      if (fault.outcome === 'known') return { taken: true, known: await isMined(node, txHash) };
      // A proxy may have sent it twice: a refusal counts only if the first one did not get through.
      if (await hasTransaction(node, txHash)) return { taken: true, known: true };
      return { taken: false, why: looksFirst && isTurnedAway(fault) ? changed(why, { outcome: 'undelivered' }) : why };
    });
  } catch (error) {
    if (error instanceof ChainError && error.code === 'WRONG_NETWORK') return null;
    if (!(error instanceof NodeFault)) throw error;
    logger.warn({ txHash, host: member.host, error: error.message }, 'An RPC endpoint failed while a payment was sent');
    const isUnread = !isSent || (looksFirst && error.method === METHOD && isTurnedAway(error.fault));
    if (isUnread) return { taken: false, why: changed(error, { outcome: 'undelivered' }) };
    // A look-up that failed leaves open what it was to tell.
    return { taken: false, why: error.method === METHOD ? error : changed(error, { outcome: 'open' }) };
  }
}

/** Whether it was executed before; a transaction that only waits has not been. A look-up that fails does not matter here. */
async function isMined(node: EvmNode, txHash: string): Promise<boolean> {
  try {
    return (await node.request('eth_getTransactionReceipt', [txHash])) !== null;
  } catch (error) {
    if (error instanceof NodeFault) return false;
    throw error;
  }
}

const changed = (error: NodeFault, changes: Partial<Fault>): NodeFault =>
  new NodeFault(
    { ...error.fault, ...changes },
    error,
    error.cause instanceof Error ? error.cause : new Error(error.message),
  );
