import { ChainError, type SignedTransaction, type SubmitResult, UNDERPRICED } from '@waiaas/core';
import { bytesToHex, type Hex } from 'viem';
import type { AdapterContext } from './adapter-context.ts';
import type { ChainView } from './chain-view.ts';
import type { EndpointPool, EvmNode, PoolMember } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
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

/**
 * Sends a signed transaction: the same bytes, at most once to each endpoint, until one has them. That a node has them
 * already is a success.
 *
 * An error says in `mayHaveLanded` whether they may land all the same. They may not only when a node looked at them and
 * refused them, has no trace of them afterwards, no endpoint tried before can have got them, and this adapter signed them and had
 * not sent them before: an earlier send may be what makes this one fail. Then their nonce is free, and they are never sent
 * again, to whomever. All others are offered to every endpoint: what one refuses for what it has in its pool, another one takes.
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
  const { refuse, parameters } = settings;
  const { txHash } = transaction;
  const wire = sendable(transaction, parameters.chainId, refuse);
  if (turns.isGivenUp(txHash)) {
    throw refuse('SUBMIT_FAILED', 'The transaction was given up, and its nonce with it; build a new one', {
      retryable: true,
    });
  }
  let mayHaveIt = !turns.isFresh(txHash);
  const refusals: NodeFault[] = [];
  try {
    for (const member of pool.candidates()) {
      if (refusals.length > 0 && mayGoOn?.() === false) break;
      const handover = await handOver(context, pool, member, wire, txHash);
      if (handover === null) continue;
      if (handover.taken) return { txHash, alreadyProcessed: handover.known };
      const { why } = handover;
      refusals.push(why);
      const { outcome } = why.fault;
      if (outcome === 'refused' && !mayHaveIt) {
        turns.giveUp(txHash);
        throw pool.errorOf(why, false);
      }
      if (outcome !== 'undelivered') mayHaveIt = true;
    }
  } finally {
    // Whatever became of it, it is recorded and followed by now.
    turns.sent(txHash);
  }
  const telling = mostTelling(refusals);
  if (telling === undefined) {
    throw new ChainError({
      code: 'WRONG_NETWORK',
      chain: settings.chain,
      message: 'No RPC endpoint serves this network',
      mayHaveLanded: mayHaveIt,
    });
  }
  throw pool.errorOf(telling, true);
}

/**
 * Of what several endpoints said, what helps most: that it is too cheap, as it can be raised; or else what the first one that
 * looked at it had against it; or else the last word.
 */
const mostTelling = (refusals: readonly NodeFault[]): NodeFault | undefined =>
  refusals.find(({ fault }) => fault.details?.reason === UNDERPRICED) ??
  refusals.find(({ fault }) => fault.outcome === 'refused') ??
  refusals.at(-1);

/** Sends to one endpoint; null when it serves another chain. */
async function handOver(
  { settings }: AdapterContext,
  pool: EndpointPool,
  member: PoolMember,
  wire: Hex,
  txHash: string,
): Promise<Handover | null> {
  const { logger, sendMs } = settings;
  try {
    return await pool.at(member, async (node): Promise<Handover> => {
      let why: NodeFault;
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
      return { taken: false, why };
    });
  } catch (error) {
    if (error instanceof ChainError && error.code === 'WRONG_NETWORK') return null;
    if (!(error instanceof NodeFault)) throw error;
    logger.warn({ txHash, host: member.host, error: error.message }, 'An RPC endpoint failed while a payment was sent');
    // A look-up that failed leaves open what it was to tell.
    if (error.method === METHOD) return { taken: false, why: error };
    return { taken: false, why: withOutcomeOpen(error) };
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

const withOutcomeOpen = (error: NodeFault): NodeFault =>
  new NodeFault(
    { ...error.fault, outcome: 'open' },
    error,
    error.cause instanceof Error ? error.cause : new Error(error.message),
  );
