import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessionTokens, type SessionTokens } from '@waiaas/auth';
import {
  type AgentId,
  agentId,
  createIdGenerator,
  type Logger,
  policyId,
  type RowSealer,
  type SessionId,
  sessionId,
  spendingLimitRulesSchema,
  systemClock,
} from '@waiaas/core';
import { createFakeAdapter, createFakeLedger } from '@waiaas/fake-chain';
import { createKeystore } from '@waiaas/keystore';
import {
  createAgentManagement,
  createPolicyManagement,
  createSessionManagement,
  type SessionManagement,
  seed,
} from '@waiaas/management';
import { createPipeline, DEFAULT_PIPELINE_SETTINGS, type Pipeline, type Timers } from '@waiaas/pipeline';
import { createKillSwitch, type KillSwitch, loadKillSwitch } from '@waiaas/safety';
import { openStorage, type Storage } from '@waiaas/storage';

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The real storage, keystore and pipeline on a real disk, over a ledger in memory that confirms at once. */
export interface BenchWorld {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly pipeline: Pipeline;
  readonly tokens: SessionTokens;
  readonly sessions: SessionManagement;
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly address: string;
  readonly token: string;
  /** Milliseconds from the request to the signature, of each payment since the last call. */
  takeSignatureTimes(): readonly number[];
  /** Signatures made so far. */
  readonly signatures: number;
  readonly killSwitch: KillSwitch;
  /** Recovers from the kill switch, and opens a new session for the agent. */
  recover(): Promise<SessionId>;
  /** Notes the start of a payment, for the time to its signature. */
  begin(): void;
  close(): Promise<void>;
}

const OPERATOR = { actor: { kind: 'operator' }, confirmCredential: () => undefined } as const;
const MOST = (10n ** 18n).toString();

/** Makes a world. Caps are on, so that every decision looks at its windows. */
export async function createBenchWorld(): Promise<BenchWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-bench-'));
  const clock = systemClock;
  const ids = createIdGenerator(clock, randomBytes);
  const { keystore, permits, gate } = createKeystore({
    directory: join(folder, 'keystore'),
    clock,
    logger: silent,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const storage = openStorage({
    path: join(folder, 'data', 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock,
    sealer: keystore.sealer,
  });
  const password = 'a password for the benchmark';
  await keystore.initialise(password);
  await keystore.unlock(password);
  gate.open();
  const { sealer } = keystore;
  await seed({ storage, sealer, clock, ids });
  const policies = createPolicyManagement({ storage, sealer, clock, ids });
  const [policy] = (await policies.list()).policies;
  if (policy === undefined) throw new Error('A seeded database has a policy');
  const rules = {
    chain: 'solana',
    instant_max: MOST,
    notify_max: MOST,
    delay_max: MOST,
    daily_max: MOST,
    weekly_max: MOST,
  };
  await policies.update(policyId(policy.id), { rules: spendingLimitRulesSchema.parse(rules) }, OPERATOR);

  const ledger = createFakeLedger();
  const starts: number[] = [];
  let times: number[] = [];
  let signatures = 0;
  const adapter = createFakeAdapter({ ledger });
  const timed = {
    ...adapter,
    isConnected: () => adapter.isConnected(),
    async signTransaction(...args: Parameters<typeof adapter.signTransaction>) {
      const signed = await adapter.signTransaction(...args);
      signatures += 1;
      const start = starts.shift();
      if (start !== undefined) times.push(performance.now() - start);
      return signed;
    },
  };
  const agents = createAgentManagement({ storage, keystore, sealer, clock, ids, isSupported: () => true });
  const tokens = createSessionTokens({ secret: randomBytes(32).toString('hex'), clock });
  const sessions = createSessionManagement({
    storage,
    tokens,
    sealer,
    clock,
    ids,
    defaultTtl: 604_800,
    maxSessionsPerAgent: 50,
    defaultMaxRenewals: 30,
    absoluteLifetime: 2_592_000,
  });
  const agent = await agents.create({ name: 'bench', chain: 'solana', network: 'localnet' }, OPERATOR);
  ledger.fund(agent.publicKey, 10n ** 18n);
  const id = agentId(agent.id);
  const session = await sessions.create({ agentId: id }, OPERATOR);
  const timers: Timers = {
    sleep: (ms, signal) =>
      new Promise<void>((resolve) => {
        if (signal?.aborted === true) return resolve();
        const timer = setTimeout(resolve, ms);
        timer.unref();
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
  const pipeline = createPipeline({
    storage,
    signer: keystore,
    archive: keystore,
    permits,
    gate,
    sealer,
    adapters: { find: () => timed },
    owner: { reachableChannels: () => 2 },
    clock,
    watch: { awakeSince: clock.now() },
    timers,
    ids,
    logger: silent,
    settings: DEFAULT_PIPELINE_SETTINGS,
  });
  const killSwitch = createKillSwitch({
    storage,
    sealer,
    vault: keystore,
    gate,
    clock,
    timers,
    logger: silent,
    endOperatorTokens: () => undefined,
    afterUnlock: async () => undefined,
    takeUpPayments: () => pipeline.sweep(),
    initial: await loadKillSwitch(storage, clock, silent),
  });
  return {
    storage,
    sealer,
    pipeline,
    tokens,
    sessions,
    agentId: id,
    sessionId: sessionId(session.sessionId),
    address: agent.publicKey,
    token: session.token,
    get signatures() {
      return signatures;
    },
    killSwitch,
    async recover() {
      await killSwitch.recover({ password, proveOwner: null, isLocalCommand: () => true, origin: OPERATOR });
      starts.length = 0;
      return sessionId((await sessions.create({ agentId: id }, OPERATOR)).sessionId);
    },
    begin: () => void starts.push(performance.now()),
    takeSignatureTimes() {
      const taken = times;
      times = [];
      return taken;
    },
    async close() {
      await pipeline.stop(1000);
      await storage.close();
      keystore.lock();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
