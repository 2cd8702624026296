import { type Anvil, type AnvilOptions, startAnvil } from '@waiaas/anvil';
import type {
  Clock,
  ConfirmationOptions,
  ConfirmationVerdict,
  LogFields,
  Logger,
  SignBytes,
  SignedTransaction,
  TransferRequest,
} from '@waiaas/core';
import { bytesToHex, concat, hexToBytes, numberToHex } from 'viem';
import { generatePrivateKey, privateKeyToAddress, sign as signDigest } from 'viem/accounts';
import { createEvmAdapter, type EvmAdapter } from '../src/adapter.ts';
import type { EvmAdapterOptions } from '../src/options.ts';
import type { PendingTransaction, PendingTransactions } from '../src/pending-transactions.ts';
import type { Sleep } from '../src/sleep.ts';

export const ETHER = 10n ** 18n;

/** A clock that only moves when it is told to. */
export interface TestClock extends Clock {
  advance(ms: number): void;
}

export function testClock(): TestClock {
  let now = 1_800_000_000_000;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}

/** A line that was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: LogFields;
  readonly message: string;
}

export function memoryLogger(): Logger & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: LogLine['level']) => (fields: LogFields, message: string) =>
    void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** A wallet with its key. */
export interface Wallet {
  readonly address: string;
  readonly sign: SignBytes;
}

/** Signs as the keystore does: a digest of 32 bytes; r, s and the recovery bit. */
export function createWallet(): Wallet {
  const privateKey = generatePrivateKey();
  return {
    address: privateKeyToAddress(privateKey),
    async sign(digest) {
      const { r, s, yParity } = await signDigest({ hash: bytesToHex(digest), privateKey });
      return hexToBytes(concat([r, s, numberToHex(yParity ?? 0, { size: 1 })]));
    },
  };
}

/** The record of signed transactions that a daemon keeps in its database. */
export interface SignedRecord extends PendingTransactions {
  readonly rows: Map<string, PendingTransaction & { readonly from: string }>;
  add(from: string, signed: SignedTransaction): void;
  remove(txHash: string): void;
}

export function createRecord(): SignedRecord {
  const rows: SignedRecord['rows'] = new Map();
  return {
    rows,
    of: async (address) => [...rows.values()].filter(({ from }) => from === address),
    add: (from, { txHash, bytes }) => void rows.set(txHash, { from, txHash, bytes }),
    remove: (txHash) => void rows.delete(txHash),
  };
}

/** A node, an adapter connected to it, and a clock that moves when the adapter waits. */
export interface World {
  readonly anvil: Anvil;
  readonly adapter: EvmAdapter;
  readonly clock: TestClock;
  readonly logger: ReturnType<typeof memoryLogger>;
  readonly record: SignedRecord;
  readonly sleep: Sleep;
  /** Pauses asked for so far, ms. */
  readonly pauses: number[];
  /** A wallet that holds this much. */
  funded(wei?: bigint): Promise<Wallet>;
  /** Builds, simulates, signs and records a payment; the simulation must succeed. */
  signed(from: Wallet, request: Omit<TransferRequest, 'from'>): Promise<SignedTransaction>;
  /** What a pipeline does with a payment, to its end. */
  pay(
    from: Wallet,
    request: Omit<TransferRequest, 'from'>,
  ): Promise<SignedTransaction & { verdict: ConfirmationVerdict }>;
  /** Waits for the verdict of a recorded transaction, and strikes it from the record once there is one. */
  settle(signed: SignedTransaction, options?: ConfirmationOptions): Promise<ConfirmationVerdict>;
  /** Another adapter on the same record and chain, as after a restart. */
  restarted(options?: Partial<EvmAdapterOptions>): Promise<EvmAdapter>;
  balance(address: string): Promise<bigint>;
  nonce(address: string): Promise<bigint>;
  close(): Promise<void>;
}

/** What of a world a test may choose. */
export type WorldOptions = Partial<EvmAdapterOptions> & {
  readonly node?: AnvilOptions;
  /** Makes a block whenever the adapter waits. */
  readonly minesWhileWaiting?: boolean;
  /** Endpoints in front of the node. */
  readonly through?: (anvil: Anvil) => Promise<readonly string[]>;
};

export async function createWorld({ node, through, minesWhileWaiting, ...options }: WorldOptions = {}): Promise<World> {
  const anvil = await startAnvil(node);
  const clock = testClock();
  const logger = memoryLogger();
  const record = createRecord();
  const pauses: number[] = [];
  const sleep: Sleep = async (ms, signal) => {
    if (signal?.aborted === true) return;
    pauses.push(ms);
    clock.advance(ms);
    if (minesWhileWaiting === true) await anvil.mine();
  };
  const all: EvmAdapterOptions = {
    chain: 'ethereum',
    network: 'localnet',
    endpoints: (await through?.(anvil)) ?? [anvil.url],
    pending: record,
    clock,
    logger,
    sleep,
    // The machine may be busy: only where a node is to hang, a test sets the time to wait for it.
    timeouts: { readMs: 25_000, sendMs: 25_000 },
    turnMs: 120_000,
    ...options,
  };
  const adapter = createEvmAdapter(all);
  await adapter.connect();
  const others: EvmAdapter[] = [];

  const world: World = {
    anvil,
    adapter,
    clock,
    logger,
    record,
    sleep,
    pauses,
    async funded(wei = 10n * ETHER) {
      const wallet = createWallet();
      await anvil.fund(wallet.address, wei);
      return wallet;
    },
    async signed(from, request) {
      const built = await adapter.buildTransaction({ ...request, from: from.address });
      const simulated = await adapter.simulateTransaction(built);
      if (!simulated.success) throw new Error(`Simulation: ${simulated.error}`);
      const signed = await adapter.signTransaction(built, from.sign);
      record.add(from.address, signed);
      return signed;
    },
    async pay(from, request) {
      const signed = await world.signed(from, request);
      await adapter.submitTransaction(signed);
      return { ...signed, verdict: await world.settle(signed) };
    },
    async settle({ txHash, bytes }, waiting = {}) {
      const look = () => adapter.waitForConfirmation(txHash, { bytes, ...waiting });
      let verdict = await look();
      // The clock runs faster than the node makes blocks: only a test that sets the time wants to see it run out.
      const isPatient = waiting.timeoutMs === undefined && waiting.signal === undefined;
      while (isPatient && verdict.verdict === 'unknown') verdict = await look();
      if (verdict.verdict !== 'unknown') record.remove(txHash);
      return verdict;
    },
    async restarted(changed = {}) {
      const other = createEvmAdapter({ ...all, ...changed });
      await other.connect();
      others.push(other);
      return other;
    },
    balance: async (address) => (await adapter.getBalance(address)).balance,
    nonce: async (address) => BigInt(await anvil.rpc<string>('eth_getTransactionCount', address, 'latest')),
    async close() {
      await Promise.all([adapter, ...others].map((each) => each.disconnect()));
      await anvil.stop();
    },
  };
  return world;
}
