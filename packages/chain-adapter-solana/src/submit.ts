import type { Base64EncodedWireTransaction } from '@solana/kit';
import { ChainError, type Clock, type Logger, type SignedTransaction, type SubmitResult } from '@waiaas/core';
import { systemInstructions } from './funds-error.ts';
import { textOf } from './rpc-answer.ts';
import type { RpcSession } from './rpc-session.ts';
import type { SentRegister } from './sent-register.ts';
import { faultOf } from './solana-fault.ts';
import { base64Wire, readWire, transactionId } from './wire-transaction.ts';

const METHOD = 'sendTransaction';
/** How often the node itself passes the bytes on (02 §15). */
const NODE_RETRIES = 3n;

const refuse = (message: string): ChainError =>
  new ChainError({ code: 'SUBMIT_FAILED', chain: 'solana', message, retryable: false, mayHaveLanded: false });

interface Sendable {
  readonly wire: Base64EncodedWireTransaction;
  readonly message: Uint8Array;
}

/** Checks, before anything leaves, that the bytes are a transaction and the one they are said to be. */
function sendable({ bytes, txHash }: SignedTransaction): Sendable {
  const parts = readWire(bytes);
  if (parts === null) throw refuse('The bytes are not a transaction with one signature');
  if (transactionId(parts.signature) !== txHash) throw refuse('The transaction id is not that of the signature');
  try {
    return { wire: base64Wire(bytes), message: parts.message };
  } catch {
    throw refuse('The bytes are not a transaction');
  }
}

/** What sending needs beside the transaction. */
export interface SubmitContext {
  readonly session: RpcSession;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
  readonly sent: SentRegister;
}

/**
 * Sends a signed transaction, once, with preflight (02 §15). That the network has executed it before is a success.
 *
 * An error says in `mayHaveLanded` whether it may land all the same. It may not only when the node refused the bytes as
 * such or after running them, and this adapter had not sent them before: an earlier send may be what makes this one fail.
 * @throws ChainError SUBMIT_FAILED, INSUFFICIENT_BALANCE, SOLANA_BLOCKHASH_EXPIRED, SOLANA_PROGRAM_ERROR, BUILD_FAILED,
 * RPC_ERROR, NETWORK_ERROR.
 */
export async function submitPayment(context: SubmitContext, transaction: SignedTransaction): Promise<SubmitResult> {
  const { session, clock, logger, timeoutMs, sent } = context;
  const { txHash } = transaction;
  const { wire, message } = sendable(transaction);
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
    if (told !== txHash) {
      logger.error(
        { txHash, host: session.endpoint.host },
        'The node names another transaction than the one it was sent',
      );
    }
    return { txHash, alreadyProcessed: false };
  } catch (error) {
    const fault = faultOf(error, { now: clock.now(), systemPlaces: systemInstructions(message) });
    if (fault.outcome === 'executed') return { txHash, alreadyProcessed: true };
    if (fault.alarm === true) {
      logger.error(
        { txHash, host: session.endpoint.host },
        'A node rejects a signature that was verified before it was sent',
      );
    }
    throw session.errorOf(fault, error, METHOD, !(isFirst && fault.outcome === 'refused'));
  }
}
