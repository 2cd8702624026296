import {
  ChainError,
  type ChainErrorCode,
  type IChainAdapter,
  type IReplacer,
  type ISweeper,
  type ITokenReader,
} from '@waiaas/core';
import type { AdapterContext } from './adapter-context.ts';
import { readBalance } from './balance.ts';
import { buildPayment } from './build.ts';
import { confirmPayment } from './confirm.ts';
import { createConnection } from './connection.ts';
import { buildDisplacing } from './displace.ts';
import { redactUnknown } from './endpoint-pool.ts';
import { probeHealth } from './health.ts';
import { listAssets } from './list-assets.ts';
import { createNonceFloor } from './nonce-floor.ts';
import { type EvmAdapterOptions, settingsOf } from './options.ts';
import { quoteFee } from './quote.ts';
import { buildReplacement } from './replace.ts';
import { checkRequest, isEvmAddress, requireAddress } from './request-check.ts';
import { signPayment } from './sign.ts';
import { createSigningTurns } from './signing-turns.ts';
import { simulatePayment } from './simulate.ts';
import { submitPayment } from './submit.ts';
import { gasForLater, listHoldings, quoteSweep } from './sweep.ts';
import { readTokenBalance } from './token-registry.ts';
import { lookUp } from './transaction-look.ts';
import { createTwins } from './twins.ts';

/** The contract of an adapter, with what it can tell of tokens and of emptying a wallet, and with replacement. */
export type EvmAdapter = IChainAdapter & ITokenReader & ISweeper & IReplacer;

/**
 * Creates the adapter of an EVM network: payments in its native asset and in ERC-20 tokens over JSON-RPC. Not connected yet.
 *
 * One instance serves all agents of its network at once, and there must be only one for a network: it keeps the payments of
 * a wallet in single file while their nonces are chosen. It holds no keys: `signTransaction` is handed a function that signs
 * a digest of 32 bytes and returns r, s and the recovery bit, 65 bytes.
 * @throws ChainError CHAIN_NOT_SUPPORTED when the chain is no EVM chain or has no such network.
 * @example
 * const adapter = createEvmAdapter({ chain: 'ethereum', network: 'sepolia', endpoints: [url], pending, clock, logger });
 * await adapter.connect();
 * const built = await adapter.buildTransaction({ from, to, amount: 10n ** 16n });
 */
export function createEvmAdapter(options: EvmAdapterOptions): EvmAdapter {
  const settings = settingsOf(options);
  const { chain, network, clock, logger, refuse, parameters } = settings;
  const connection = createConnection(settings);
  const context: AdapterContext = {
    settings,
    turns: createSigningTurns(settings.signedMs, settings.turnMs),
    floor: createNonceFloor(clock),
    twins: createTwins(),
  };

  /**
   * Lets nothing but `ChainError` out (02 §3). What arrives here as something else is a defect of this package, of the
   * record of pending transactions, or an argument that its types exclude; about money it is taken for the worst.
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
        chain,
        message: 'The adapter failed in a way it does not know',
        retryable: false,
        mayHaveLanded,
        cause: redactUnknown(error),
      });
    }
  }

  const requireHash = (txHash: string): string => {
    if (typeof txHash === 'string' && /^0x[0-9a-f]{64}$/.test(txHash)) return txHash;
    throw new ChainError({
      code: 'RPC_ERROR',
      chain,
      message: 'This is not a transaction id of this chain',
      retryable: false,
    });
  };

  return {
    chain,
    network,
    connect: (rpcUrl = '') => guarded('RPC_ERROR', () => connection.connect(rpcUrl)),
    disconnect: () => guarded('RPC_ERROR', async () => connection.disconnect()),
    isConnected: () => connection.current !== null,
    getHealth: () => probeHealth(connection.current, clock),
    isValidAddress: isEvmAddress,
    getBalance: (address) =>
      guarded('RPC_ERROR', async () =>
        readBalance(connection.require().pool, chain, requireAddress(refuse, address, 'address')),
      ),
    buildTransaction: (request) =>
      guarded('BUILD_FAILED', async () => buildPayment(context, connection.require(), request)),
    simulateTransaction: (transaction) =>
      guarded('SIMULATION_FAILED', async () => simulatePayment(context, connection.require(), transaction)),
    signTransaction: (transaction, sign) =>
      guarded('SIGN_FAILED', async () => signPayment(context, connection.require(), transaction, sign)),
    submitTransaction: (transaction, mayGoOn) =>
      guarded(
        'SUBMIT_FAILED',
        // Of a transaction that may have been sent earlier, a refusal now says nothing.
        async () =>
          submitPayment(context, connection.require(!context.turns.isFresh(transaction.txHash)), transaction, mayGoOn),
        true,
      ),
    getTransactionStatus: (txHash) =>
      guarded(
        'RPC_ERROR',
        async () => {
          const hash = requireHash(txHash);
          const { pool } = connection.require(true);
          return (await pool.run((node) => lookUp(node, hash, parameters), true)).status;
        },
        true,
      ),
    waitForConfirmation: (txHash, waiting = {}) =>
      guarded(
        'RPC_ERROR',
        async () => confirmPayment(context, connection.require(true), requireHash(txHash), waiting),
        true,
      ),
    estimateFee: (request) =>
      guarded(
        'RPC_ERROR',
        async () => (await quoteFee(connection.require(), parameters, refuse, checkRequest(refuse, request))).fee,
      ),
    buildReplacement: (request, signed, refused = false, displaced = []) =>
      guarded('BUILD_FAILED', async () =>
        buildReplacement(context, connection.require(), request, { signed, refused, displaced }),
      ),
    buildDisplacing: (request, stuck) =>
      guarded('BUILD_FAILED', async () => buildDisplacing(context, connection.require(), request, stuck)),
    getToken: (address) => guarded('RPC_ERROR', async () => connection.require().tokens.get(requireToken(address))),
    getTokenBalance: (address, token) =>
      guarded('RPC_ERROR', async () => {
        const owner = requireAddress(refuse, address, 'address');
        const contract = requireToken(token.address);
        return connection.require().pool.run((node) => readTokenBalance(refuse, node, contract, owner));
      }),
    listAssets: (address, known = []) =>
      guarded('RPC_ERROR', async () => {
        const owner = requireAddress(refuse, address, 'address');
        const view = connection.require();
        return listAssets({ view, chain, refuse, logger }, owner, known.map(requireToken));
      }),
    listHoldings: (address, known = []) =>
      guarded('RPC_ERROR', async () => {
        const owner = requireAddress(refuse, address, 'address');
        const view = connection.require();
        return listHoldings({ view, chain, refuse, logger }, owner, known.map(requireToken));
      }),
    gasForLater: () => guarded('RPC_ERROR', async () => gasForLater(context, connection.require())),
    quoteSweep: (sweep) => guarded('RPC_ERROR', async () => quoteSweep(context, connection.require(), sweep)),
  };

  function requireToken(address: string) {
    if (!isEvmAddress(address))
      throw refuse('INVALID_TOKEN', 'The token is not an EVM address', { details: { field: 'token' } });
    return requireAddress(refuse, address, 'token');
  }
}
