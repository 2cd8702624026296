import type { Base64EncodedWireTransaction } from '@solana/kit';
import { ChainError, type Clock, type Logger, type SignedTransaction, type SubmitResult } from '@waiaas/core';
import { blamesNode, type ClusterNode } from './cluster-node.ts';
import { programPlaces } from './custom-error.ts';
import { mostHopeful, type NodePool } from './node-pool.ts';
import { textOf } from './rpc-answer.ts';
import type { SentRegister } from './sent-register.ts';
import { faultOf } from './solana-fault.ts';
import { base64Wire, readWire, transactionId } from './wire-transaction.ts';

const METHOD = 'sendTransaction';
/** How often the node itself passes the bytes on (02 §15). */
const NODE_RETRIES = 3n;

const refuse = (message: string): ChainError =>
  new ChainError({ code: 'SUBMIT_FAILED', chain: 'solana', message, retryable: false, mayHaveLanded: false });

interface Sendable {
  readonly txHash: string;
  readonly wire: Base64EncodedWireTransaction;
  readonly message: Uint8Array;
}

/** Checks, before anything leaves, that the bytes are a transaction and the one they are said to be. */
function sendable({ bytes, txHash }: SignedTransaction): Sendable {
  const parts = readWire(bytes);
  if (parts === null) throw refuse('The bytes are not a transaction with one signature');
  if (transactionId(parts.signature) !== txHash) throw refuse('The transaction id is not that of the signature');
  try {
    return { txHash, wire: base64Wire(bytes), message: parts.message };
  } catch {
    throw refuse('The bytes are not a transaction');
  }
}

/** What sending needs beside the transaction. */
export interface SubmitContext {
  readonly pool: NodePool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
  readonly sent: SentRegister;
  /** Asked before another node than the first one; where it says no, what was sent so far may have landed. */
  readonly mayGoOn: (() => boolean) | undefined;
}

type Attempt =
  | { readonly kind: 'taken'; readonly alreadyProcessed: boolean }
  | { readonly kind: 'refused' | 'open'; readonly error: ChainError };

/** Hands the bytes to one node. */
async function sendTo(
  node: ClusterNode,
  { pool, clock, logger, timeoutMs, sent }: SubmitContext,
  { wire, message, txHash }: Sendable,
): Promise<Attempt> {
  const { session } = node.view;
  const { host } = session.endpoint;
  const isFirst = sent.add(txHash);
  try {
    const told = await session.raw({
      method: METHOD,
      timeoutMs,
      request: async (rpc, abortSignal) =>
        textOf(
          await rpc
            .sendTransaction(wire, {
              encoding: 'base64',
              maxRetries: NODE_RETRIES,
              preflightCommitment: 'confirmed',
              skipPreflight: false,
            })
            .send({ abortSignal }),
          'transaction id',
        ),
    });
    if (told !== txHash) logger.error({ txHash, host }, 'The node names another transaction than the one it was sent');
    return { kind: 'taken', alreadyProcessed: false };
  } catch (error) {
    const fault = faultOf(error, { now: clock.now(), places: programPlaces(message) });
    if (fault.outcome === 'executed') return { kind: 'taken', alreadyProcessed: true };
    if (fault.alarm === true) {
      logger.error({ txHash, host }, 'A node rejects a signature that was verified before it was sent');
    }
    const mayHaveLanded = !(isFirst && fault.outcome === 'refused' && pool.usable.length < 2);
    return { kind: fault.outcome, error: session.errorOf(fault, error, METHOD, mayHaveLanded) };
  }
}

/**
 * Sends a signed transaction with preflight, once to a node, and the very same bytes to the next, until one takes them (02 §15). That
 * the network has executed it before is a success.
 *
 * An error says in `mayHaveLanded` whether it may land all the same. It may not only when the one node there is refused the bytes as
 * such or after running them, and this adapter had not sent them before: an earlier send may be what makes this one fail. Beside
 * others no refusal is final, be it that of all of them. One that lies keeps what it refuses, and hands it on when what the others
 * found wanting is there, such as money; so it is for the blocks to prove, within the life of the blockhash, that it cannot land.
 * @throws ChainError of the first node that refused it, or else of one that did not tell: SUBMIT_FAILED, INSUFFICIENT_BALANCE,
 * INSUFFICIENT_TOKEN_BALANCE, SOLANA_BLOCKHASH_EXPIRED, SOLANA_PROGRAM_ERROR, BUILD_FAILED, RPC_ERROR, NETWORK_ERROR.
 */
export async function submitPayment(context: SubmitContext, transaction: SignedTransaction): Promise<SubmitResult> {
  const bytes = sendable(transaction);
  const refusals: ChainError[] = [];
  const failures: ChainError[] = [];
  for await (const node of context.pool.candidates()) {
    if (refusals.length + failures.length > 0 && context.mayGoOn?.() === false) break;
    const attempt = await sendTo(node, context, bytes);
    if (attempt.kind === 'taken') {
      node.succeeded();
      return { txHash: bytes.txHash, alreadyProcessed: attempt.alreadyProcessed };
    }
    if (attempt.kind === 'open' && blamesNode(attempt.error)) node.failed(attempt.error);
    (attempt.kind === 'refused' ? refusals : failures).push(attempt.error);
  }
  throw refusals[0] ?? mostHopeful(failures);
}
