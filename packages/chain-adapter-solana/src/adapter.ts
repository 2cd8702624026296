import { isSignature, type Signature } from '@solana/kit';
import {
  ChainError,
  type ChainErrorCode,
  type IAccountOpener,
  type IChainAdapter,
  type ISweeper,
  type ITokenReader,
} from '@waiaas/core';
import { readBalance } from './balance.ts';
import { buildPayment } from './build.ts';
import { confirmPayment } from './confirm.ts';
import { createConnection } from './connection.ts';
import { redactUrls } from './endpoint.ts';
import { probeHealth } from './health.ts';
import type { NodeView } from './node-view.ts';
import { type SolanaAdapterOptions, settingsOf } from './options.ts';
import { quotePayment } from './quote.ts';
import { checkRequest, isSolanaAddress } from './request-check.ts';
import { safeCause } from './safe-cause.ts';
import { createSentRegister } from './sent-register.ts';
import { signPayment } from './sign.ts';
import { simulatePayment } from './simulate.ts';
import { submitPayment } from './submit.ts';
import { gasForLater, listHoldings, quoteSweep } from './sweep.ts';
import { readAssets, readToken, readTokenBalance } from './token-reader.ts';
import { findTokenRoute } from './token-route.ts';
import { createTwinRegister } from './twins.ts';

/**
 * Lets nothing but `ChainError` out (02 §3). What arrives here as something else is a defect of this package or an
 * argument that its types exclude; about money it is taken for the worst.
 */
async function guarded<Result>(
  code: ChainErrorCode,
  work: () => Promise<Result>,
  mayHaveLanded = false,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ChainError) throw error;
    throw new ChainError({
      code,
      chain: 'solana',
      message: 'The adapter failed in a way it does not know',
      retryable: false,
      mayHaveLanded,
      cause: safeCause(error, redactUrls),
    });
  }
}

const requireSignature = (txHash: string): Signature => {
  if (typeof txHash === 'string' && isSignature(txHash)) return txHash;
  throw new ChainError({
    code: 'RPC_ERROR',
    chain: 'solana',
    message: 'This is not a transaction id of Solana',
    retryable: false,
  });
};

/**
 * Creates the adapter of a Solana network: payments of SOL and of tokens of both token programs, over JSON-RPC. Not connected
 * yet.
 *
 * One instance serves all agents of its network at once. It holds no keys: `signTransaction` is handed a function that
 * signs.
 * @throws ChainError CHAIN_NOT_SUPPORTED when the network is not one of Solana's.
 * @example
 * const adapter = createSolanaAdapter({ network: 'devnet', endpoints: [url], clock: systemClock, logger });
 * await adapter.connect();
 * const built = await adapter.buildTransaction({ from, to, amount: 50_000_000n });
 */
export function createSolanaAdapter(
  options: SolanaAdapterOptions,
): IChainAdapter & ITokenReader & ISweeper & IAccountOpener {
  const settings = settingsOf(options);
  const { network, clock, logger, readMs, sendMs, pollMs, sleep, maxPriorityFee, rules } = settings;
  const connection = createConnection(settings);
  const twins = createTwinRegister();
  const sent = createSentRegister();
  /** Reads something, at the best node that answers. */
  const read = <Result>(work: (view: NodeView) => Promise<Result>): Promise<Result> =>
    guarded('RPC_ERROR', async () => connection.require().run(work));

  return {
    chain: 'solana',
    network,
    connect: (rpcUrl = '') => guarded('RPC_ERROR', () => connection.connect(rpcUrl)),
    disconnect: () => guarded('RPC_ERROR', async () => connection.disconnect()),
    isConnected: () => connection.current !== null,
    getHealth: () => probeHealth(connection.current, clock, readMs),
    isValidAddress: isSolanaAddress,
    getBalance: (address) => read((view) => readBalance(view, address)),
    buildTransaction: (request) =>
      guarded('BUILD_FAILED', async () =>
        connection.require().run((view) => buildPayment({ view, twins, maxPriorityFee, rules }, request)),
      ),
    simulateTransaction: (transaction) =>
      guarded('SIMULATION_FAILED', async () =>
        connection.require().run((view) => simulatePayment(view, clock, transaction)),
      ),
    signTransaction: (transaction, sign) =>
      guarded('SIGN_FAILED', () => signPayment(transaction, sign, clock, maxPriorityFee)),
    submitTransaction: (transaction, mayGoOn) =>
      guarded(
        'SUBMIT_FAILED',
        async () =>
          submitPayment(
            {
              // Of a transaction sent earlier, a refusal now says nothing.
              pool: connection.require(sent.has(transaction.txHash)),
              clock,
              logger,
              timeoutMs: sendMs,
              sent,
              mayGoOn,
            },
            transaction,
          ),
        true,
      ),
    getTransactionStatus: (txHash) =>
      guarded(
        'RPC_ERROR',
        async () => {
          const signature = requireSignature(txHash);
          return (await connection.require(true).run((view) => view.signature(signature))).status;
        },
        true,
      ),
    waitForConfirmation: (txHash, waiting = {}) =>
      guarded(
        'RPC_ERROR',
        async () =>
          confirmPayment(
            { pool: connection.require(true), clock, logger, sleep, pollMs, timeoutMs: readMs },
            requireSignature(txHash),
            waiting,
          ),
        true,
      ),
    estimateFee: (request) =>
      read(async (view) => (await quotePayment(view, checkRequest(request, rules), maxPriorityFee)).fee),
    quoteAccountRent: (request) =>
      read(async (view) => {
        const checked = checkRequest(request, rules);
        return checked.token === undefined ? 0n : (await findTokenRoute(view, checked, checked.token)).rent;
      }),
    getToken: (address) => read((view) => readToken(view, address)),
    getTokenBalance: (address, token) => read((view) => readTokenBalance(view, address, token)),
    listAssets: (address, known = []) => read((view) => readAssets(view, address, known)),
    listHoldings: (address, known = []) => read((view) => listHoldings(view, address, known)),
    gasForLater: () => read(gasForLater),
    quoteSweep: (sweep) => read((view) => quoteSweep(view, sweep, { maxPriorityFee, rules })),
  };
}
