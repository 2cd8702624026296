import type { Address, EncodedAccount } from '@solana/kit';
import type { Controls } from './faults/control.ts';
import { createCounters } from './faults/counters.ts';
import { createFaultBook, type FaultBook } from './faults/fault-book.ts';
import { LOCALNET_GENESIS_HASH } from './genesis-hash.ts';
import { createLedger } from './ledger/ledger.ts';
import { untilListening } from './listen.ts';
import type { Node } from './methods/method.ts';
import { type LocalnetOptions, resolveOptions } from './options.ts';
import { createWsServer } from './pubsub/ws-server.ts';
import { type Report, reportOf, reportToJson } from './report.ts';
import { createHttpServer } from './rpc/http-server.ts';
import { startSlotClock } from './slot-clock.ts';

/** Where a fresh ledger begins: an epoch boundary, with a height that lags the slot as on the public clusters. */
const START_SLOT = 447_552_000;
const START_HEIGHT = 425_600_000;
const NOMINAL_SLOT_SECONDS = 0.4;

/** A running ledger. */
export interface Localnet {
  /** JSON-RPC over HTTP. */
  readonly rpcUrl: string;
  /** PubSub over WebSocket. */
  readonly wsUrl: string;
  /** Fault switches and counters over HTTP. */
  readonly controlUrl: string;
  readonly genesisHash: string;
  /** The fault switches. */
  readonly faults: Pick<FaultBook, 'add' | 'reset' | 'list'>;
  /** Produces `count` blocks, one for each slot. */
  advanceSlots(count: number): void;
  /** Lets `count` slots pass without a block, then produces one. */
  skipSlots(count: number): void;
  /** Adds lamports out of nothing: no transaction, no block, visible at every commitment at once. */
  airdrop(address: Address, lamports: bigint): void;
  /** Writes an account as it stands, visible at every commitment at once. Skips every check of the runtime. */
  setAccount(account: EncodedAccount): void;
  /** Cuts every WebSocket connection; clients may reconnect. */
  closeSockets(): void;
  /** Counters, accepted and landed transactions, heights. */
  report(): Report;
  /** Forgets calls and accepted signatures counted so far. */
  resetCounters(): void;
  /** Ends both servers and cuts every connection, hanging ones too. */
  close(): Promise<void>;
}

/**
 * Starts a ledger with its HTTP and WebSocket endpoints.
 *
 * @throws PortInUseError when a port is taken
 * @throws RangeError when an option makes no sense
 * @example
 * const localnet = await startLocalnet({ slotMs: 'manual' });
 * const rpc = createSolanaRpc(localnet.rpcUrl);
 * localnet.airdrop(agent, 1_000_000_000n);
 * localnet.advanceSlots(1);
 * await localnet.close();
 */
export async function startLocalnet(options: LocalnetOptions = {}): Promise<Localnet> {
  const { host, port, wsPort, slotMs, ...rules } = resolveOptions(options);
  const startedAt = Date.now() / 1000;
  const ledger = createLedger({
    ...rules,
    startSlot: START_SLOT,
    startHeight: START_HEIGHT,
    unixTimeAt: (slot) =>
      // Manual slots carry nominal time, so that the same steps give the same chain clock.
      Math.floor(slotMs === 'manual' ? startedAt + (slot - START_SLOT) * NOMINAL_SLOT_SECONDS : Date.now() / 1000),
  });
  const node: Node = {
    ledger,
    faults: createFaultBook(),
    counters: createCounters(),
    genesisHash: LOCALNET_GENESIS_HASH,
  };
  const closeSockets = (): void => {
    for (const socket of wsServer.clients) socket.terminate();
  };
  const advanceSlots = (count: number): void => {
    for (let slot = 0; slot < count; slot += 1) ledger.produceBlock();
  };
  const report = (): Report => reportOf(node, wsServer.clients.size);
  const controls: Controls = {
    addFault: (fault) => void node.faults.add(fault),
    resetFaults: () => node.faults.reset(),
    resetCounters: () => node.counters.reset(),
    advanceSlots,
    skipSlots: (count) => ledger.produceBlock(count),
    airdrop: (address, lamports) => ledger.credit(address, lamports),
    closeSockets,
    report: () => reportToJson(report()),
  };

  const httpServer = createHttpServer(node, controls);
  const httpPort = await untilListening(httpServer.listen(port, host), port);
  const wsServer = createWsServer(node, host, wsPort);
  const actualWsPort = await untilListening(wsServer, wsPort).catch((error: unknown) => {
    httpServer.close();
    throw error;
  });
  const stopClock = slotMs === 'manual' ? undefined : startSlotClock(ledger, slotMs);
  const authority = host.includes(':') ? `[${host}]` : host;
  const rpcUrl = `http://${authority}:${httpPort}`;

  return {
    rpcUrl,
    wsUrl: `ws://${authority}:${actualWsPort}`,
    controlUrl: `${rpcUrl}/control`,
    genesisHash: node.genesisHash,
    faults: node.faults,
    advanceSlots,
    skipSlots: controls.skipSlots,
    airdrop: controls.airdrop,
    setAccount: (account) => ledger.setAccount(account),
    closeSockets,
    report,
    resetCounters: controls.resetCounters,
    async close() {
      stopClock?.();
      closeSockets();
      const closed = [httpServer, wsServer].map((server) => new Promise((resolve) => server.close(resolve)));
      httpServer.closeAllConnections();
      await Promise.all(closed);
    },
  };
}
