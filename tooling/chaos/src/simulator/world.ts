import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentId,
  agentId as brandAgentId,
  sessionId as brandSessionId,
  type IChainAdapter,
  type PolicySummary,
  type RowSealer,
  type SessionConstraints,
  type SessionId,
  sessionConstraintsSchema,
} from '@waiaas/core';
import { createVirtualTime, type FakeLedger, type Fault, type NonceLedger, type VirtualTime } from '@waiaas/fake-chain';
import type { SigningGate } from '@waiaas/keystore';
import type { RequestOrigin } from '@waiaas/management';
import type { Pipeline, Watchfulness } from '@waiaas/pipeline';
import type { stopAfterRestore } from '@waiaas/safety';
import { listLiveRecalls, listTransactionsOfRecall, type Storage } from '@waiaas/storage';
import { beginLife, DATABASE, type Incarnation, layFolder } from './incarnation.ts';
import { createSimulatedLedger, kindOfSeed, type LedgerKind } from './ledger-kind.ts';
import type { WantedPayment } from './payment.ts';
import { createRandom, type Random } from './random.ts';
import { type AskedRecall, createRecoveryModel, type RecoveryModel, type Registered } from './recall-model.ts';
import { createSends, type Sends } from './sends.ts';
import { createSimulatedChain, type Signed } from './simulated-chain.ts';

/** A session as the simulation knows it. */
export interface KnownSession {
  readonly id: SessionId;
  readonly agentId: AgentId;
  readonly constraints: SessionConstraints;
  /** Unix seconds. */
  readonly expiresAt: number;
  revoked: boolean;
}

/** An agent as the simulation knows it. */
export interface KnownAgent {
  readonly id: AgentId;
  readonly address: string;
  suspended: boolean;
  /** Whether its funds were taken back, and nobody has given it others since. */
  wasRecalled: boolean;
}

/** An approval that was asked for and has no answer yet. */
export interface AskedApproval {
  readonly transactionId: string;
  readonly wallet: Wallet;
  /** Whether the payment could be approved when that was asked. */
  readonly isInTime: boolean;
  /** Whether the wallet has been the owner's since then, or may have been. */
  isOwners: boolean;
}

/** A copy of the database, with what was true when it was made and is no part of it. */
export interface Backup {
  readonly path: string;
  readonly owner: Wallet | null;
  readonly recoveries: readonly Registered[];
}

/** A part of the daemon that does what it must not: the simulation has to notice. */
export interface Mutant {
  readonly adapter?: (adapter: IChainAdapter, world: SimulatedWorld) => IChainAdapter;
  readonly storage?: (storage: Storage) => Storage;
  readonly pipeline?: (pipeline: Pipeline) => Pipeline;
  readonly watch?: (watch: Watchfulness) => Watchfulness;
  /** The seals that it checks by. */
  readonly sealer?: (sealer: RowSealer) => RowSealer;
  /** The gate that it stops by. */
  readonly gate?: (gate: Pick<SigningGate, 'open' | 'close'>) => Pick<SigningGate, 'open' | 'close'>;
  /** Whether a start goes on from a backup that was put back. */
  readonly restore?: (stop: typeof stopAfterRestore) => typeof stopAfterRestore;
  /** Policies that it was given as well, and does not keep. */
  readonly ignores?: readonly Pick<PolicySummary, 'type' | 'rules'>[];
}

/** What runs are made of. */
export interface WorldOptions {
  readonly seed: number;
  /** Default: what the seed has. */
  readonly kind?: LedgerKind | undefined;
  readonly mutant?: Mutant | undefined;
  /** Seconds between two looks for delayed payments. Default 10, as in the daemon. */
  readonly workerSeconds?: number;
  /** Whether every payment is asked about before it is asked for. */
  readonly asksFirst?: boolean;
}

/** Wallets that are owners, or would like to be. */
export const WALLETS = [
  { chain: 'solana', address: '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin' },
  { chain: 'ethereum', address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' },
] as const;
export type Wallet = (typeof WALLETS)[number];

/** What a start says that finds the database changed by somebody else: here, nobody does. */
const DOUBT = 'The database is not what the daemon has left';

/** When worlds begin, epoch ms. */
const BEGINNING = Date.UTC(2026, 0, 5, 12);

const confirmCredential = (): void => undefined;
/** A request of somebody whose signature has been checked: that is not the subject here. */
export const by = (wallet: Wallet): RequestOrigin => ({
  actor: { kind: 'owner', ...wallet, message: 'the message', signature: 'the signature' },
  confirmCredential,
});
export const OPERATOR: RequestOrigin = { actor: { kind: 'operator' }, confirmCredential };

/** A daemon with its surroundings, all of it decided by one seed. */
export interface SimulatedWorld {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly ledger: FakeLedger;
  /** The same ledger, where its transactions have nonces. */
  readonly nonces: NonceLedger | null;
  daemon: Incarnation;
  readonly agents: KnownAgent[];
  readonly sessions: KnownSession[];
  readonly payments: WantedPayment[];
  /** Payments an owner has tried to approve while they could be, by transaction. */
  readonly approvals: Set<string>;
  readonly askedApprovals: Set<AskedApproval>;
  /** Which transaction a key was answered with. */
  readonly answered: Map<string, string>;
  /** Which wallets owners have registered. */
  readonly recoveries: RecoveryModel;
  /** What was asked for of funds, oldest first. */
  readonly askedRecalls: AskedRecall[];
  /** How many transactions recalls had that were stopped: there must not be more. By recall. */
  readonly stoppedRecalls: Map<string, number>;
  policies: readonly PolicySummary[];
  owner: Wallet | null;
  /** Notification channels that reach the owner. */
  channels: number;
  /** Whether the kill switch has answered, and nobody has recovered since: then nothing may be signed and nothing sent. */
  readonly isStopped: boolean;
  /** Called as soon as it has answered. */
  stopped(): void;
  /** What was signed, and whether it may be sent. */
  readonly sends: Sends;
  /** The newest copy of the database. */
  backup: Backup | null;
  /** What was signed before a backup was put back: the daemon may not know of it any more. By hash. */
  readonly abandoned: Set<string>;
  /** Milliseconds that have really passed, whatever the clock was set to. */
  passed: number;
  /** The latest time there has been, Unix seconds. */
  latest: number;
  /** What happened, line by line: the same seed gives the same lines. */
  readonly events: string[];
  readonly violations: string[];
  readonly asksFirst: boolean;
  readonly counts: {
    crashes: number;
    restarts: number;
    foretold: number;
    payments: number;
    stops: number;
    /** Backups that were put back. */
    restores: number;
    recalls: number;
    /** Payments that were signed more than once. */
    replaced: number;
    readonly faults: Map<Fault, number>;
  };
  /** Transactions that landed late or were lost by the node that took them, by hash. */
  readonly fates: Map<string, 'late' | 'dropped'>;
  /** How bad things are, of a thousand, and whether the node can be reached at all. */
  weather: { faults: number; crashes: number; isDown: boolean };
  log(event: string): void;
  violated(what: string): void;
  /** Called for each signature, before it leaves. */
  onSigned: (signed: Signed) => void;
  /** Called before an agent is given something: afterwards nobody can tell what a recall had left. */
  beforeDeposit: (agent: KnownAgent) => Promise<void>;
  /** Called before the machine sleeps in the middle of a step: what is being carried out by then had its time for a veto. */
  beforeSleep: () => Promise<void>;
  /** Lets time pass for the program and the chain. Ends early when the daemon dies. */
  elapse(ms: number): Promise<void>;
  /** Waits for something the daemon does, letting time pass only where that is needed; undefined when it died before. */
  await<T>(work: Promise<T>): Promise<{ readonly value: T } | undefined>;
  /** After a crash: buries the dead and begins the next life. */
  reviveIfDead(): Promise<void>;
  restart(): Promise<void>;
  /** Copies the database as it is now. */
  backUp(): void;
  /** Ends the daemon if it lives, puts a copy in the place of its database and begins the next life. */
  putBack(backup: Backup): Promise<void>;
  /** Learns anew what the daemon knows: a crash may have kept an answer from arriving. */
  learn(): Promise<void>;
  close(): Promise<void>;
}

/** Forgets what the daemon has no record of any more. What was paid since is asked for by nobody again: it would be paid again. */
async function forget({ daemon, sessions, payments, answered }: SimulatedWorld): Promise<void> {
  const { read } = daemon.storage;
  const ids = new Set((await read.selectFrom('sessions').select('id').execute()).map(({ id }) => id));
  const memos = new Set((await read.selectFrom('transactions').select('memo').execute()).map(({ memo }) => memo));
  sessions.splice(0, sessions.length, ...sessions.filter(({ id }) => ids.has(id)));
  for (const { memo, idempotencyKey } of payments) {
    if (!memos.has(memo) && idempotencyKey !== null) answered.delete(idempotencyKey);
  }
  payments.splice(0, payments.length, ...payments.filter(({ memo }) => memos.has(memo)));
}

let unused: Promise<string> | undefined;

/** The folder that all daemons begin with, made once: to set one up takes as long as many of its steps. */
function unusedFolder(): Promise<string> {
  unused ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), 'waiaas-unused-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    await layFolder(folder);
    return folder;
  })();
  return unused;
}

/** Makes a world with a daemon in it. */
export async function createSimulatedWorld({
  seed,
  kind = kindOfSeed(seed),
  mutant,
  workerSeconds = 10,
  asksFirst = false,
}: WorldOptions): Promise<SimulatedWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-simulation-'));
  cpSync(await unusedFolder(), folder, { recursive: true });
  const random = createRandom(seed);
  // At another part of a second in each world: what is rounded must be rounded to the right side.
  const time = createVirtualTime(BEGINNING + ((seed * 379) % 1000));
  const both = createSimulatedLedger(kind);
  const { truth: ledger, nonces } = both;
  const faults = new Map<Fault, number>();
  let backups = 0;
  /** Whether the kill switch has answered since the last recovery. */
  let hasStopped = false;
  // As an operator has configured it: never changed while the daemon runs.
  const minChannels = random.pick([0, 0, 1, 2]);

  const start = (): Promise<Incarnation> => {
    // What nobody has answered by now, nobody will.
    world.askedApprovals.clear();
    return beginLife({
      folder,
      time,
      random,
      workerSeconds,
      minChannels,
      reachableChannels: () => world.channels,
      crashPerMille: () => world.weather.crashes,
      onLog(message) {
        world.log(`log: ${message}`);
        if (message.startsWith(DOUBT)) world.violated(`the daemon says: ${message}`);
      },
      decorateStorage: mutant?.storage ?? ((storage) => storage),
      decorateWatch: mutant?.watch ?? ((watch) => watch),
      decoratePipeline: mutant?.pipeline ?? ((pipeline) => pipeline),
      decorateSealer: mutant?.sealer ?? ((sealer) => sealer),
      decorateGate: mutant?.gate ?? ((gate) => gate),
      decorateRestore: mutant?.restore ?? ((stop) => stop),
      adapter: (user) => {
        const chain = createSimulatedChain(
          {
            ledger: both,
            time,
            random,
            faultPerMille: () => world.weather.faults,
            isDown: () => world.weather.isDown,
            onFault: (fault) => void faults.set(fault, (faults.get(fault) ?? 0) + 1),
            onFate: (hash, fate) => void world.fates.set(hash, fate),
            onSigned: (signed) => world.onSigned(signed),
            onSent: (hash) => {
              if (world.isStopped) world.violated('something was sent after everything had been stopped');
              else if (!world.sends.mayBeSent(hash))
                world.violated('something was sent after a stop that no node had said to have before');
            },
            sends: world.sends,
          },
          user,
        );
        return mutant?.adapter?.(chain, world) ?? chain;
      },
    });
  };

  const world: SimulatedWorld = {
    random,
    time,
    ledger,
    nonces,
    agents: [],
    sessions: [],
    payments: [],
    approvals: new Set(),
    askedApprovals: new Set(),
    answered: new Map(),
    recoveries: createRecoveryModel(),
    askedRecalls: [],
    stoppedRecalls: new Map(),
    policies: [],
    owner: null,
    channels: random.int(0, 3),
    get isStopped() {
      return hasStopped && world.daemon.killSwitch.status() !== 'NORMAL';
    },
    stopped() {
      hasStopped = true;
      world.counts.stops += 1;
      world.sends.stop();
    },
    sends: createSends(),
    backup: null,
    abandoned: new Set(),
    passed: 0,
    latest: 0,
    events: [],
    violations: [],
    asksFirst,
    counts: {
      crashes: 0,
      restarts: 0,
      foretold: 0,
      payments: 0,
      stops: 0,
      restores: 0,
      recalls: 0,
      replaced: 0,
      faults,
    },
    fates: new Map(),
    weather: { faults: 0, crashes: 0, isDown: false },
    onSigned: () => undefined,
    beforeDeposit: async () => undefined,
    beforeSleep: async () => undefined,
    // Replaced at once.
    daemon: Object.create(null),
    log: (event) => void world.events.push(`${new Date(time.now()).toISOString()} ${event}`),
    violated(what) {
      world.violations.push(what);
      world.log(`VIOLATED: ${what}`);
    },
    async elapse(ms) {
      const until = time.now() + ms;
      while (time.now() < until && !world.daemon.isDead) {
        const chunk = Math.min(2000, until - time.now());
        ledger.advance(Math.ceil(chunk / 400));
        await time.advance(chunk);
        world.passed += chunk;
        world.latest = Math.max(world.latest, Math.floor(world.daemon.clock.now() / 1000));
      }
    },
    async await<T>(work: Promise<T>) {
      let outcome: { readonly value: T } | undefined;
      let failure: { readonly error: unknown } | undefined;
      work.then(
        (value) => {
          outcome = { value };
        },
        (error: unknown) => {
          failure = { error };
        },
      );
      await time.runUntil(async () => {
        await world.daemon.vaultAtRest;
        await time.advance(0);
        ledger.advance(1);
        return outcome !== undefined || failure !== undefined || world.daemon.isDead;
      });
      world.latest = Math.max(world.latest, Math.floor(world.daemon.clock.now() / 1000));
      if (failure !== undefined) throw failure.error;
      return outcome;
    },
    async reviveIfDead() {
      while (world.daemon.isDead) {
        world.counts.crashes += 1;
        world.log('the daemon died');
        await world.daemon.bury();
        world.daemon = await start();
        await world.await(world.daemon.recovered);
        if (!world.daemon.isDead) await world.learn();
      }
    },
    async restart() {
      const { daemon } = world;
      await world.await(daemon.stop());
      if (daemon.isDead) return;
      world.counts.restarts += 1;
      world.daemon = await start();
      await world.await(world.daemon.recovered);
      if (!world.daemon.isDead) await world.learn();
    },
    backUp() {
      backups += 1;
      const path = world.daemon.storage.snapshot(`${backups}`);
      world.backup = { path, owner: world.owner, recoveries: world.recoveries.copy() };
      world.log('a backup is made');
    },
    async putBack({ path, owner, recoveries }) {
      const { daemon } = world;
      if (!daemon.isDead) await world.await(daemon.stop());
      if (daemon.isDead) await daemon.bury();
      const database = join(folder, DATABASE);
      for (const suffix of ['-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
      copyFileSync(path, database);
      world.log('the backup is put back');
      world.counts.restores += 1;
      for (const hash of world.sends.hashes()) world.abandoned.add(hash);
      world.stopped();
      world.owner = owner;
      world.recoveries.restore(recoveries);
      world.daemon = await start();
      if (world.daemon.killSwitch.status() === 'NORMAL') {
        world.violated('a backup that was put back is gone on with, and nobody has said that it is meant');
      }
      await forget(world);
      await world.await(world.daemon.recovered);
      if (!world.daemon.isDead) await world.learn();
    },
    async learn() {
      const { storage, policies, owner, killSwitch } = world.daemon;
      hasStopped = killSwitch.status() !== 'NORMAL';
      if (hasStopped) {
        for (const { id } of await listLiveRecalls(storage.read)) {
          if (world.stoppedRecalls.has(id)) continue;
          world.stoppedRecalls.set(id, (await listTransactionsOfRecall(storage.read, id)).length);
        }
      }
      // With the vault shut nobody can say; nor can the owner become another one, or a policy be changed.
      if (!hasStopped) {
        const listed = (await policies.list()).policies;
        const ignored = (mutant?.ignores ?? []).map((policy) => ({
          ...policy,
          id: 'ignored',
          agentId: null,
          priority: 0,
          enabled: true,
          version: 1,
          createdAt: '',
          updatedAt: '',
        }));
        world.policies = [...ignored, ...listed];
        const present = await owner.load();
        const before = world.owner;
        world.owner =
          present.state === 'connected'
            ? (WALLETS.find(({ address }) => address === present.owner.address) ?? null)
            : null;
        if (world.owner !== before) world.recoveries.clear();
      }
      for (const row of await storage.read.selectFrom('agents').select(['id', 'status']).execute()) {
        const agent = world.agents.find(({ id }) => id === row.id);
        if (agent !== undefined) agent.suspended = row.status !== 'ACTIVE';
      }
      const rows = await storage.read
        .selectFrom('sessions')
        .select(['id', 'agent_id', 'constraints', 'expires_at', 'revoked_at'])
        .execute();
      for (const row of rows) {
        const session = world.sessions.find(({ id }) => id === row.id);
        if (session !== undefined) session.revoked = row.revoked_at !== null;
        else {
          world.sessions.push({
            id: brandSessionId(row.id),
            agentId: brandAgentId(row.agent_id),
            constraints: sessionConstraintsSchema.parse(JSON.parse(row.constraints)),
            expiresAt: row.expires_at,
            revoked: row.revoked_at !== null,
          });
        }
      }
    },
    async close() {
      world.weather = { faults: 0, crashes: 0, isDown: false };
      if (world.daemon.isDead) await world.daemon.bury();
      else await world.await(world.daemon.stop());
      rmSync(folder, { recursive: true, force: true });
    },
  };
  world.daemon = await start();
  await world.await(world.daemon.recovered);
  await world.learn();
  return world;
}
