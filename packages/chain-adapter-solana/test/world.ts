import { randomBytes } from 'node:crypto';
import { type Address, createKeyPairFromPrivateKeyBytes, getAddressFromPublicKey, signBytes } from '@solana/kit';
import type {
  Clock,
  IChainAdapter,
  ISweeper,
  ITokenReader,
  LogFields,
  Logger,
  SignBytes,
  SignedTransaction,
  TransferRequest,
} from '@waiaas/core';
import { type Localnet, type LocalnetOptions, startLocalnet } from '@waiaas/localnet';
import { createSolanaAdapter } from '../src/adapter.ts';
import type { SolanaAdapterOptions } from '../src/options.ts';
import type { Sleep } from '../src/sleep.ts';

export const SOL = 1_000_000_000n;
const SLOT_MS = 400;

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
  readonly address: Address;
  readonly sign: SignBytes;
}

export async function createWallet(): Promise<Wallet> {
  const pair = await createKeyPairFromPrivateKeyBytes(Uint8Array.from(randomBytes(32)));
  return {
    address: await getAddressFromPublicKey(pair.publicKey),
    sign: async (message) => signBytes(pair.privateKey, message),
  };
}

/** A ledger, an adapter connected to it, and a clock that moves both. */
export interface World {
  readonly localnet: Localnet;
  readonly adapter: IChainAdapter & ITokenReader & ISweeper;
  readonly clock: TestClock;
  readonly logger: ReturnType<typeof memoryLogger>;
  /** Lets time pass for the adapter and the ledger. */
  readonly sleep: Sleep;
  /** Pauses asked for so far, ms. */
  readonly pauses: number[];
  /** A wallet that holds this much. */
  funded(lamports?: bigint): Promise<Wallet>;
  /** Builds and signs a payment. */
  signed(from: Wallet, request: Omit<TransferRequest, 'from'>): Promise<SignedTransaction>;
  /** Calls the node has had, by method. */
  calls(): Readonly<Record<string, number>>;
  balance(address: string): Promise<bigint>;
  close(): Promise<void>;
}

/** What of a world a test may choose. */
export type WorldOptions = Partial<Omit<SolanaAdapterOptions, 'webSockets'>> & {
  readonly ledger?: LocalnetOptions;
  /** WebSocket endpoints. */
  readonly webSockets?: (localnet: Localnet) => readonly string[];
  /** Query of the endpoint's URL, where API keys are. */
  readonly query?: string;
};

export async function createWorld({ ledger, query = '', webSockets, ...options }: WorldOptions = {}): Promise<World> {
  const localnet = await startLocalnet({ slotMs: 'manual', finalizeAfterSlots: 4, ...ledger });
  const clock = testClock();
  const logger = memoryLogger();
  const pauses: number[] = [];
  const sleep: Sleep = async (ms, signal) => {
    if (signal?.aborted === true) return;
    pauses.push(ms);
    clock.advance(ms);
    localnet.advanceSlots(Math.ceil(ms / SLOT_MS));
  };
  const adapter = createSolanaAdapter({
    network: 'localnet',
    endpoints: [query === '' ? localnet.rpcUrl : `${localnet.rpcUrl}/?${query}`],
    clock,
    logger,
    sleep,
    ...(webSockets === undefined ? {} : { webSockets: webSockets(localnet) }),
    ...options,
  });
  await adapter.connect();
  return {
    localnet,
    adapter,
    clock,
    logger,
    sleep,
    pauses,
    async funded(lamports = 10n * SOL) {
      const wallet = await createWallet();
      localnet.airdrop(wallet.address, lamports);
      return wallet;
    },
    async signed(from, request) {
      const built = await adapter.buildTransaction({ ...request, from: from.address });
      return await adapter.signTransaction(built, from.sign);
    },
    calls: () => localnet.report().calls,
    balance: async (address) => (await adapter.getBalance(address)).balance,
    async close() {
      await adapter.disconnect();
      await localnet.close();
    },
  };
}
