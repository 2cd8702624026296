import { type Chain, type Clock, type IChainAdapter, isNetworkOf, type Logger, type Network } from '@waiaas/core';
import { listSignedOf, type Storage } from '@waiaas/storage';
import { type Config, rpcEndpoints } from '../config/index.ts';

/** What is known of an adapter. */
export interface AdapterStatus {
  readonly chain: Chain;
  readonly network: Network;
  readonly healthy: boolean;
  readonly latencyMs: number | null;
  /** Epoch ms; null before the first check. */
  readonly lastCheck: number | null;
}

/**
 * The adapters of a daemon: one for each network, made when it is first needed (02 §5). The code of a chain is loaded with
 * the first of its networks that is connected: a daemon without agents on it neither waits for it nor keeps it in memory.
 */
export interface AdapterRegistry {
  /** Whether there is an adapter for a network: the chain is built in and has endpoints. */
  isSupported(chain: Chain, network: Network): boolean;
  /** The adapter of a network that was asked to be connected, whether it is or not; undefined for every other. */
  find(chain: Chain, network: Network): IChainAdapter | undefined;
  /**
   * Connects the adapters of these networks, each within a few seconds. Those that do not answer stay unconnected; one that
   * did not answer the last time either is tried again, but hardly waited for.
   */
  connect(networks: readonly { chain: Chain; network: Network }[]): Promise<readonly AdapterStatus[]>;
  /** Connects what is not connected and probes what is. Run now and then, so that an outage ends by itself. */
  check(): Promise<void>;
  status(): readonly AdapterStatus[];
  disconnect(): Promise<void>;
}

/** Longest wait for one adapter at start; a silent node must not hold up the others (01 §4.1 step 4). */
const CONNECT_WAIT_MS = 5000;
/** Longest wait for one that was down when it was last looked at: nobody who creates agents meanwhile waits for each. */
const RECONNECT_WAIT_MS = 250;

/** All EVM chains count their native asset in 18 digits. */
const WEI_OF_BILLIONTH = 10n ** 9n;

const keyOf = (chain: Chain, network: Network): string => `${chain}:${network}`;

/** Builds the registry. Nothing is connected yet. */
export function createAdapterRegistry(dependencies: {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where signed transactions are recorded before they are sent; nonces are chosen by it. */
  readonly storage: Pick<Storage, 'read'>;
  readonly wrap?: ((adapter: IChainAdapter) => IChainAdapter) | undefined;
}): AdapterRegistry {
  const { config, clock, logger, storage, wrap } = dependencies;
  const adapters = new Map<string, IChainAdapter>();
  const probes = new Map<string, { healthy: boolean; latency: number; at: number }>();

  const isSupported = (chain: Chain, network: Network): boolean =>
    isNetworkOf(chain, network) && rpcEndpoints(config, chain, network).http.length > 0;

  async function make(chain: Chain, network: Network): Promise<IChainAdapter> {
    const { http, ws } = rpcEndpoints(config, chain, network);
    const common = { network, endpoints: http, clock, logger };
    if (chain === 'solana') {
      const { createSolanaAdapter } = await import('@waiaas/chain-adapter-solana');
      const allowProgramDerivedRecipients = config.security.allow_program_recipients;
      return createSolanaAdapter({ ...common, webSockets: ws, allowProgramDerivedRecipients });
    }
    const { createEvmAdapter } = await import('@waiaas/chain-adapter-evm');
    const pending = { of: (address: string) => listSignedOf(storage.read, { chain, network, address }) };
    const maxFee = BigInt(config.fees.max[chain]) * WEI_OF_BILLIONTH;
    return createEvmAdapter({ ...common, chain, pending, parameters: { maxFee } });
  }

  const find = (chain: Chain, network: Network): IChainAdapter | undefined => adapters.get(keyOf(chain, network));

  async function obtain(chain: Chain, network: Network): Promise<IChainAdapter | undefined> {
    if (!isSupported(chain, network)) return undefined;
    const made = find(chain, network) ?? (await make(chain, network));
    // Two that ask at the same time get the same one: nonces are handed out by one adapter for each network.
    const known = find(chain, network);
    if (known !== undefined) return known;
    const adapter = wrap?.(made) ?? made;
    adapters.set(keyOf(chain, network), adapter);
    return adapter;
  }

  async function connectOne(adapter: IChainAdapter): Promise<void> {
    const { chain, network } = adapter;
    try {
      await adapter.connect();
    } catch (error) {
      logger.warn(
        { chain, network, error: String(error) },
        'The chain cannot be reached; its payments are refused until it can',
      );
    }
  }

  async function probe(adapter: IChainAdapter): Promise<void> {
    const { healthy, latency } = await adapter.getHealth();
    probes.set(keyOf(adapter.chain, adapter.network), { healthy, latency, at: clock.now() });
  }

  const statusOf = (adapter: IChainAdapter): AdapterStatus => {
    const { chain, network } = adapter;
    const last = probes.get(keyOf(chain, network));
    return {
      chain,
      network,
      healthy: adapter.isConnected() && (last?.healthy ?? false),
      latencyMs: last === undefined || last.latency < 0 ? null : last.latency,
      lastCheck: last?.at ?? null,
    };
  };

  const checkOne = async (adapter: IChainAdapter): Promise<void> => {
    if (!adapter.isConnected()) await connectOne(adapter);
    await probe(adapter);
  };

  return {
    isSupported,
    find,
    async connect(networks) {
      const obtained = await Promise.all(networks.map(({ chain, network }) => obtain(chain, network)));
      const wanted = [...new Set(obtained)].flatMap((adapter) =>
        adapter === undefined || adapter.isConnected() ? [] : adapter,
      );
      await Promise.all(
        wanted.map(async (adapter) => {
          let timer: NodeJS.Timeout | undefined;
          const isKnown = probes.has(keyOf(adapter.chain, adapter.network));
          const tooLong = new Promise<void>((resolve) => {
            timer = setTimeout(resolve, isKnown ? RECONNECT_WAIT_MS : CONNECT_WAIT_MS);
          });
          // What takes longer goes on by itself; the check that follows reports it.
          await Promise.race([checkOne(adapter), tooLong]);
          clearTimeout(timer);
        }),
      );
      return wanted.map(statusOf);
    },
    async check() {
      await Promise.all([...adapters.values()].map(checkOne));
    },
    status: () => [...adapters.values()].map(statusOf),
    async disconnect() {
      await Promise.allSettled([...adapters.values()].map((adapter) => adapter.disconnect()));
    },
  };
}
