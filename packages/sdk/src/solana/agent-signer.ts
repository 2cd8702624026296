import { sha256 } from '@noble/hashes/sha2.js';
import { base58, hex } from '@scure/base';
import {
  type Address,
  address,
  assertIsSignatureBytes,
  type SignatureBytes,
  type TransactionSendingSigner,
} from '@solana/kit';
import type { WAIaaSClient } from '../client.ts';
import { localError } from '../error.ts';
import { paidHash } from '../paid-hash.ts';
import { paymentOf } from './payment-of.ts';

/** How a signer waits. */
export interface AgentSignerOptions {
  /** Milliseconds that a payment may take that is delayed or waits for the owner. Default 120,000. */
  readonly timeout?: number | undefined;
}

/**
 * The wallet of an agent as a `TransactionSendingSigner` of @solana/kit: what is given to it is paid by the daemon, within
 * the policies of its owner. The daemon builds, signs and sends a transaction of its own from the payment; the signature
 * that is answered is of that one.
 *
 * A transaction must be one transfer of SOL from this wallet, with a memo if need be; instructions about the fee are the
 * daemon's to choose and left out. Anything else is refused with NOT_A_PAYMENT, which says what, before anything is sent.
 * As on the chain, the same transaction sent twice is paid once.
 *
 * @throws WAIaaSError, as the agent's client does; INVALID_ARGUMENT for an agent of another chain
 * @example
 * const signer = await createAgentSigner(client);
 * const message = pipe(
 *   createTransactionMessage({ version: 0 }),
 *   (tx) => setTransactionMessageFeePayerSigner(signer, tx),
 *   (tx) => setTransactionMessageLifetimeUsingBlockhash(blockhash, tx),
 *   (tx) => appendTransactionMessageInstruction(getTransferSolInstruction({ source: signer, destination, amount }), tx),
 * );
 * await signAndSendTransactionMessageWithSigners(message);
 */
export async function createAgentSigner(
  client: WAIaaSClient,
  { timeout }: AgentSignerOptions = {},
): Promise<TransactionSendingSigner> {
  const wallet = await client.getAddress();
  if (wallet.chain !== 'solana') throw localError('INVALID_ARGUMENT', `The agent's wallet is on ${wallet.chain}`);
  const payer: Address = address(wallet.address);
  return Object.freeze<TransactionSendingSigner>({
    address: payer,
    async signAndSendTransactions(transactions, { abortSignal: signal } = {}) {
      // All are read before any is paid.
      const payments = transactions.map((transaction) => ({
        payment: paymentOf(transaction, payer),
        idempotencyKey: `solana-${hex.encode(sha256(new Uint8Array(transaction.messageBytes)))}`,
      }));
      const signatures: SignatureBytes[] = [];
      for (const { payment, idempotencyKey } of payments) {
        const answer = await client.sendToken(payment, { idempotencyKey, signal });
        const signature = base58.decode(await paidHash(client, answer, { timeout, signal }));
        assertIsSignatureBytes(signature);
        signatures.push(signature);
      }
      return signatures;
    },
  });
}
