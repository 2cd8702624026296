import { join } from 'node:path';
import {
  type Clock,
  createIdGenerator,
  createSteadyClock,
  type IChainAdapter,
  isWaiaasError,
  type Logger,
  type RowSealer,
  type SteadyClock,
  unixSeconds,
} from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type Keystore, type SigningGate } from '@waiaas/keystore';
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
import {
  confirmNormal,
  createAuditTrail,
  createKillSwitch,
  createNormalMarker,
  type KillSwitch,
  type KillSwitchState,
  loadKillSwitch,
  stopAfterRestore,
} from '@waiaas/safety';
import { appendAudit, listSignedOf, openStorage, readState, removeState, type Storage } from '@waiaas/storage';
import { createRandom, type Random } from './random.ts';
import type { ChainUser } from './simulated-chain.ts';

/** One life of the daemon: from a start to the next crash. All of it is the real code but time, chance and the chain. */
export interface Incarnation {
  readonly storage: Storage;
  readonly pipeline: Pipeline;
  readonly policies: PolicyManagement;
  readonly owner: OwnerManagement;
  readonly agents: AgentManagement;
  readonly sessions: SessionManagement;
  readonly killSwitch: KillSwitch;
  /** Settles once the vault does not work on a password any more: that takes real time, and none of the simulated. */
  readonly vaultAtRest: Promise<unknown>;
  /** Settles once it has taken up what the last life left behind; not before time passes, and never if it dies. */
  readonly recovered: Promise<void>;
  readonly isReady: boolean;
  /** The clock that it lives by. */
  readonly clock: SteadyClock;
  /** Channels that must reach the owner for tiers that rest on being noticed. */
  readonly minChannels: number;
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
  readonly adapter: (user: ChainUser) => IChainAdapter;
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
  readonly decorateRestore: (stop: typeof stopAfterRestore) => typeof stopAfterRestore;
  readonly decorateGate: (gate: Pick<SigningGate, 'open' | 'close'>) => Pick<SigningGate, 'open' | 'close'>;
}

/** What the parts of a life know of it. */
export interface Life {
  readonly isDead: boolean;
  /** Dies, perhaps. Never resolves for the dead: what they were about to do does not happen. */
  mayDie(): Promise<void>;
}

/** Where all agents have their wallets, whatever kind of ledger it is. */
export const CHAIN = { chain: 'solana', network: 'localnet' } as const;

/** What opens the vault. */
export const PASSWORD = 'a password for simulations';
/** Heads of the audit log are kept nowhere else: nobody but the daemon writes the file here. */
const NOWHERE = { name: 'nowhere', read: async () => '', append: async () => undefined };
const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Puts on record that the database is a copy that was put back, as the daemon does right after the vault was opened. */
async function recordRestore(storage: Storage, clock: Clock): Promise<void> {
  if ((await readState(storage.read, 'restored_copy')) === undefined) return;
  await storage.write(async ({ db }) => {
    await appendAudit(db, unixSeconds(clock), { event: 'BACKUP_RESTORED', actor: 'system', details: {} });
    await removeState(db, 'restored_copy');
  });
}

/** The kill switch as a start finds it; the vault is open if it is not engaged. */
async function standAtStart(parts: {
  readonly storage: Storage;
  readonly keystore: Keystore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stopRestored: typeof stopAfterRestore;
}): Promise<KillSwitchState> {
  const { storage, keystore, clock, logger, stopRestored } = parts;
  const found = await loadKillSwitch(storage, clock, logger);
  if (found.status !== 'NORMAL') {
    if (keystore.isUnlocked) keystore.lock();
    return found;
  }
  if (!keystore.isUnlocked) await keystore.unlock(PASSWORD);
  const { sealer } = keystore;
  const confirmed = await confirmNormal({ storage, sealer, anchors: NOWHERE, clock, logger, isLogNew: false });
  let state = confirmed;
  if (state.status === 'NORMAL') {
    await recordRestore(storage, clock);
    state = await stopRestored({ storage, sealer, clock, logger });
  }
  if (state.status !== 'NORMAL') keystore.lock();
  return state;
}

/** Name of the database in the folder of a daemon. */
export const DATABASE = 'waiaas.db';

/** What a daemon keeps in its folder. */
function openFolder(folder: string, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
  const { keystore, permits, gate } = createKeystore({
    directory: join(folder, 'keystore'),
    clock,
    logger,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const storage = openStorage({
    path: join(folder, DATABASE),
    backupFolder: join(folder, 'backups'),
    clock,
    sealer: keystore.sealer,
  });
  return { keystore, permits, gate, storage };
}

/** Makes the folder of a daemon that has not lived yet, as the set-up does. */
export async function layFolder(folder: string): Promise<void> {
  const clock = createVirtualTime();
  const { keystore, storage } = openFolder(folder, { clock, logger: SILENT });
  const random = createRandom(0);
  await keystore.initialise(PASSWORD);
  await keystore.unlock(PASSWORD);
  const ids = createIdGenerator(clock, (length) => random.bytes(length));
  await seed({ storage, sealer: keystore.sealer, clock, ids });
  await storage.close();
  keystore.lock();
}

/** Begins a life in a folder, whatever the last one left there; recovers before anything else. */
export async function beginLife(circumstances: Circumstances): Promise<Incarnation> {
  const { folder, time, random, crashPerMille, onLog, minChannels } = circumstances;
  let dead = false;
  let ended = false;
  const life: Life = {
    get isDead() {
      return dead;
    },
    async mayDie() {
      if (!dead && random.chance(crashPerMille())) dead = true;
      if (dead || ended) await never<void>();
    },
  };
  // Set back while it lives, the machine's clock is not followed; what it shows at the start is what there is.
  const clock = createSteadyClock({ wall: () => time.now(), monotonic: () => time.passed() });
  const timers = {
    async sleep(ms: number, signal?: AbortSignal): Promise<void> {
      await time.sleep(ms, signal);
      if (dead || ended) await never<void>();
    },
  };
  const log = (_fields: unknown, message: string): void => onLog(message);
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: log, error: log };
  const ids = createIdGenerator(clock, (length) => random.bytes(length));
  const { keystore, permits, gate, ...files } = openFolder(folder, { clock, logger });
  const opened = circumstances.decorateStorage(files.storage);
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
  const sealer = circumstances.decorateSealer(keystore.sealer);
  const common = { storage, sealer, clock, ids };
  const initial = await standAtStart({
    ...{ storage: opened, keystore, clock, logger },
    stopRestored: circumstances.decorateRestore(stopAfterRestore),
  });
  if (initial.status === 'NORMAL') gate.open();
  const adapter = circumstances.adapter({
    life,
    recorded: (address) => listSignedOf(storage.read, { ...CHAIN, address }),
  });
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
  let vaultAtRest: Promise<unknown> = Promise.resolve();
  let leftByLastRun = initial.status !== 'NORMAL';
  const killSwitch = createKillSwitch({
    storage,
    sealer,
    vault: {
      get isUnlocked() {
        return keystore.isUnlocked;
      },
      unlock(password) {
        const unlocking = keystore.unlock(password);
        vaultAtRest = unlocking.catch(() => undefined);
        return unlocking;
      },
      lock: () => keystore.lock(),
      publicKey: (id) => keystore.publicKey(id),
    },
    gate: {
      get isOpen() {
        return gate.isOpen;
      },
      get epoch() {
        return gate.epoch;
      },
      open: () => lever.open(),
      close: () => lever.close(),
    },
    clock,
    timers,
    logger,
    endOperatorTokens: () => undefined,
    async afterUnlock() {
      await createAuditTrail({ storage, sealer, anchors: NOWHERE, clock, logger }).adopt();
      await recordRestore(storage, clock);
    },
    async takeUpPayments() {
      if (leftByLastRun) await pipeline.recover();
      else await pipeline.sweep();
      leftByLastRun = false;
    },
    initial,
  });
  const normalMarker = createNormalMarker({ storage, sealer, clock, isNormal: () => gate.isOpen && !leftByLastRun });
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
      if (stopping.signal.aborted) continue;
      try {
        await run();
      } catch (error) {
        // As the daemon's workers do: the kill switch may lock the vault in the middle of a round, and there is a next one.
        if (!isWaiaasError(error, 'KEYSTORE_LOCKED')) throw error;
      }
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
      work(workerSeconds * 6, () => normalMarker.keep()),
    ]);
  };
  // A recovery that dies half way leaves the rest to the next life.
  let isReady = false;
  // With the vault shut nothing of it can be told from what somebody else has written: the recovery sees to it.
  const takenUp: Promise<unknown> = initial.status === 'NORMAL' ? pipeline.recover() : Promise.resolve();
  const recovered = takenUp.then(() => {
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
    killSwitch,
    get vaultAtRest() {
      return vaultAtRest;
    },
    recovered,
    clock,
    minChannels,
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
      gate.close();
      await opened.close();
      if (keystore.isUnlocked) keystore.lock();
      // The process ends: what has not come to its end in time does not go on beside the next one.
      ended = true;
    },
  };
}
