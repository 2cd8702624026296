import { join } from 'node:path';
import {
  createIdGenerator,
  createSteadyClock,
  type IChainAdapter,
  type Logger,
  type RowSealer,
  type SteadyClock,
} from '@waiaas/core';
import type { VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type SigningGate } from '@waiaas/keystore';
import {
  type AgentManagement,
  createAgentManagement,
  createOwnerManagement,
  createPolicyManagement,
  createSessionManagement,
  type OwnerManagement,
  type PolicyManagement,
  type SessionManagement,
  seed,
} from '@waiaas/management';
import { createPipeline, DEFAULT_PIPELINE_SETTINGS, type Pipeline, type Watchfulness } from '@waiaas/pipeline';
import { openStorage, type Storage } from '@waiaas/storage';
import type { Random } from './random.ts';

/** One life of the daemon: from a start to the next crash. All of it is the real code but time, chance and the chain. */
export interface Incarnation {
  readonly storage: Storage;
  readonly pipeline: Pipeline;
  readonly policies: PolicyManagement;
  readonly owner: OwnerManagement;
  readonly agents: AgentManagement;
  readonly sessions: SessionManagement;
  /** Settles once it has taken up what the last life left behind; not before time passes, and never if it dies. */
  readonly recovered: Promise<void>;
  readonly isReady: boolean;
  /** The clock that it lives by. */
  readonly clock: SteadyClock;
  /** Channels that must reach the owner for tiers that rest on being noticed. */
  readonly minChannels: number;
  /** Closes or opens the gate through which every signature goes. */
  setGate(isOpen: boolean): void;
  /** Whether it has died. */
  readonly isDead: boolean;
  /** Ends it as SIGKILL would: nothing of it reaches the disk, the chain or anybody from now on. */
  die(): void;
  /** What a dead one has open. */
  bury(): Promise<void>;
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>;
}

/** What a life begins with. */
export interface Circumstances {
  readonly folder: string;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly adapter: (life: Life) => IChainAdapter;
  /** Kills the daemon between two steps of its own now and then. */
  readonly crashPerMille: () => number;
  /** Seconds between two looks for delayed payments; the other workers come less often. */
  readonly workerSeconds: number;
  readonly minChannels: number;
  readonly reachableChannels: () => number;
  readonly onLog: (message: string) => void;
  readonly decorateStorage: (storage: Storage) => Storage;
  readonly decorateWatch: (watch: Watchfulness) => Watchfulness;
  readonly decoratePipeline: (pipeline: Pipeline) => Pipeline;
  readonly decorateSealer: (sealer: RowSealer) => RowSealer;
  readonly decorateGate: (gate: Pick<SigningGate, 'open' | 'close'>) => Pick<SigningGate, 'open' | 'close'>;
}

/** What the parts of a life know of it. */
export interface Life {
  readonly isDead: boolean;
  /** Dies, perhaps. Never resolves for the dead: what they were about to do does not happen. */
  mayDie(): Promise<void>;
}

const PASSWORD = 'a password for simulations';
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Begins a life in a folder, whatever the last one left there; recovers before anything else. */
export async function beginLife(circumstances: Circumstances): Promise<Incarnation> {
  const { folder, time, random, crashPerMille, onLog, minChannels } = circumstances;
  let dead = false;
  const life: Life = {
    get isDead() {
      return dead;
    },
    async mayDie() {
      if (!dead && random.chance(crashPerMille())) dead = true;
      if (dead) await never<void>();
    },
  };
  // Set back while it lives, the machine's clock is not followed; what it shows at the start is what there is.
  const clock = createSteadyClock({ wall: () => time.now(), monotonic: () => time.passed() });
  const timers = {
    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await time.sleep(ms, signal);
      if (dead) await never<void>();
    },
  };
  const log = (_fields: unknown, message: string): void => onLog(message);
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: log, error: log };
  const ids = createIdGenerator(clock, (length) => random.bytes(length));
  const { keystore, permits, gate } = createKeystore({
    directory: join(folder, 'keystore'),
    clock,
    logger,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const opened = circumstances.decorateStorage(
    openStorage({
      path: join(folder, 'waiaas.db'),
      backupFolder: join(folder, 'backups'),
      clock,
      sealer: keystore.sealer,
    }),
  );
  const storage: Storage = {
    ...opened,
    read: opened.read,
    migration: opened.migration,
    async write(unit, options) {
      await life.mayDie();
      const result = await opened.write(unit, options);
      await life.mayDie();
      return result;
    },
  };
  if (!(await keystore.isInitialised())) await keystore.initialise(PASSWORD);
  await keystore.unlock(PASSWORD);
  gate.open();
  const sealer = circumstances.decorateSealer(keystore.sealer);
  const common = { storage, sealer, clock, ids };
  await seed({ ...common, storage: opened });
  const adapter = circumstances.adapter(life);
  const plain = createPipeline({
    ...common,
    signer: keystore,
    archive: keystore,
    permits,
    gate,
    watch: circumstances.decorateWatch(clock),
    adapters: { find: () => adapter },
    owner: { reachableChannels: circumstances.reachableChannels },
    timers,
    logger,
    settings: {
      ...DEFAULT_PIPELINE_SETTINGS,
      minChannels,
      maxPendingTransactions: 6,
      // A network that is left alone would meet none of the faults that are tried here.
      breaker: { ...DEFAULT_PIPELINE_SETTINGS.breaker, failures: Number.POSITIVE_INFINITY },
    },
  });
  const pipeline = circumstances.decoratePipeline(plain);
  const lever = circumstances.decorateGate(gate);
  const sessions = createSessionManagement({
    ...common,
    defaultTtl: 604_800,
    maxSessionsPerAgent: 8,
    defaultMaxRenewals: 30,
    absoluteLifetime: 2_592_000,
    tokens: {
      issue: ({ sessionId }) => `wai_sess_${sessionId}`,
      hash: (token) => Buffer.from(token).toString('hex').padEnd(64, '0').slice(-64),
    },
  });

  let workers = Promise.resolve<unknown>(undefined);
  const stopping = new AbortController();
  const work = async (seconds: number, run: () => Promise<unknown>): Promise<void> => {
    while (!stopping.signal.aborted) {
      await timers.sleep(seconds * 1000, stopping.signal);
      if (!stopping.signal.aborted) await run();
    }
  };
  const { workerSeconds } = circumstances;
  const begin = (): void => {
    workers = Promise.all([
      work(workerSeconds, () => pipeline.runDelayed()),
      work(workerSeconds * 3, () => pipeline.expireApprovals()),
      work(workerSeconds * 30, () => pipeline.sweep()),
      work(workerSeconds * 6, () => pipeline.checkLateLandings()),
      work(workerSeconds * 6, () => sessions.cleanUp()),
    ]);
  };
  // A recovery that dies half way leaves the rest to the next life.
  let isReady = false;
  const recovered = pipeline.recover().then(() => {
    isReady = true;
    begin();
  });

  return {
    storage,
    pipeline,
    policies: createPolicyManagement(common),
    owner: createOwnerManagement(common),
    agents: createAgentManagement({ ...common, keystore, isSupported: () => true }),
    sessions,
    recovered,
    clock,
    minChannels,
    setGate: (isOpen) => (isOpen ? lever.open() : lever.close()),
    get isReady() {
      return isReady;
    },
    get isDead() {
      return dead;
    },
    die: () => {
      dead = true;
    },
    bury: () => opened.close(),
    async stop() {
      stopping.abort();
      await pipeline.stop(5000);
      await workers;
      await opened.close();
      if (keystore.isUnlocked) keystore.lock();
    },
  };
}
