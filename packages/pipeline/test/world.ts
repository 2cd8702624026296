import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AgentId,
  agentId,
  type Chain,
  createIdGenerator,
  createSteadyClock,
  type IChainAdapter,
  type ISweeper,
  type ITokenReader,
  type Logger,
  policyCreateSchema,
  policyId,
  type SessionConstraints,
  type SessionId,
  type SpendingLimitRules,
  sessionId,
  spendingLimitRulesSchema,
  type TokenInfo,
  transferRequestSchema,
} from '@waiaas/core';
import {
  createFakeAdapter,
  createFakeLedger,
  createVirtualTime,
  type FakeAdapterOptions,
  type FakeLedger,
  type VirtualTime,
} from '@waiaas/fake-chain';
import { createKeystore, type KeystoreParts } from '@waiaas/keystore';
import {
  createAgentManagement,
  createOwnerManagement,
  createPolicyManagement,
  createSessionManagement,
  type OwnerManagement,
  type RequestOrigin,
  seed,
} from '@waiaas/management';
import { openStorage, type Storage } from '@waiaas/storage';
import {
  createPipeline,
  DEFAULT_PIPELINE_SETTINGS,
  type KeyArchive,
  type Pipeline,
  type PipelineSettings,
  type SendOptions,
} from '../src/index.ts';
import { expectReadable } from './told-events.ts';

/** An adapter that carries tokens and empties wallets. */
export type TokenAdapter = IChainAdapter & ITokenReader & ISweeper;

export const PASSWORD = 'a password for tests';

/** An address nobody has the key of. */
export const RECIPIENT = 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS';

/** Mints of the tokens that a test makes, in this order. */
export const MINTS = [
  'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
  'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB',
  'DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263',
];

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export interface WorldOptions {
  readonly rules?: Partial<SpendingLimitRules>;
  readonly settings?: Partial<PipelineSettings>;
  readonly network?: Omit<FakeAdapterOptions, 'ledger'>;
  readonly ledger?: FakeLedger;
  readonly time?: VirtualTime;
  readonly reachableChannels?: number;
  /** Continues in the folder of an earlier world: a restart. */
  readonly folder?: string;
  readonly decorateStorage?: (storage: Storage) => Storage;
  readonly decorateArchive?: (archive: KeyArchive) => KeyArchive;
  readonly decorateAdapter?: (adapter: TokenAdapter) => IChainAdapter;
}

export interface Payer {
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly constraints: SessionConstraints;
  readonly address: string;
}

/** The real storage, keystore and pipeline in a folder of their own, over a fake ledger and a virtual clock. */
export interface World {
  readonly folder: string;
  readonly time: VirtualTime;
  readonly ledger: FakeLedger;
  readonly adapter: IChainAdapter;
  readonly storage: Storage;
  readonly keystoreParts: KeystoreParts;
  readonly pipeline: Pipeline;
  createPayer(constraints?: SessionConstraints, chain?: Chain): Promise<Payer>;
  createSession(agent: AgentId, constraints?: SessionConstraints): Promise<SessionId>;
  revokeSession(id: SessionId): Promise<void>;
  /** One round of the worker that removes sessions that are over. */
  cleanUpSessions(): Promise<number>;
  suspendAgent(id: AgentId): Promise<void>;
  resumeAgent(id: AgentId): Promise<void>;
  readonly owner: OwnerManagement;
  setRules(rules: Partial<SpendingLimitRules>): Promise<void>;
  addPolicy(input: { type: string; rules: object; agentId?: string }): Promise<void>;
  send(
    payer: Payer,
    amount: bigint,
    options?: Partial<SendOptions> & { to?: string; memo?: string; tokenMint?: string },
  ): ReturnType<Pipeline['send']>;
  /** Puts a token on the ledger and gives everybody named a billion base units of it. Answers its mint. */
  createToken(change: Partial<TokenInfo>, ...holders: readonly Payer[]): string;
  /** Stops as a process would, keeping the folder. */
  stop(): Promise<void>;
  /** Closes files without any of the steps of a stop: what a killed process leaves behind. */
  kill(): Promise<void>;
  remove(): Promise<void>;
}

const confirmCredential = (): void => undefined;
export const OPERATOR: RequestOrigin = { actor: { kind: 'operator' }, confirmCredential };

/** The wallet of the owner, and another one. */
export const ALICE = { chain: 'solana', address: '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin' } as const;
export const BOB = { chain: 'ethereum', address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' } as const;

/** A request that a wallet has signed, as far as the pipeline is concerned. */
export const by = (wallet: typeof ALICE | typeof BOB): RequestOrigin => ({
  actor: { kind: 'owner', ...wallet, message: 'the message', signature: 'the signature' },
  confirmCredential,
});

/** The body of a request, as its validation leaves it. */
export const bodyOf = (request: {
  readonly to?: string;
  readonly amount: bigint;
  readonly memo?: string | undefined;
  readonly tokenMint?: string | undefined;
}) => {
  const { to = RECIPIENT, amount, memo, tokenMint } = request;
  return transferRequestSchema.parse({
    to,
    amount: amount.toString(),
    ...(memo === undefined ? {} : { memo }),
    ...(tokenMint === undefined ? {} : { type: 'TOKEN_TRANSFER', tokenMint }),
  });
};

const OPEN_RULES = {
  chain: 'solana',
  instant_max: '1000000000000',
  notify_max: '2000000000000',
  delay_max: '3000000000000',
} as const;

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'waiaas-pipeline-'));
  const time = options.time ?? createVirtualTime();
  const ledger = options.ledger ?? createFakeLedger();
  const clock = createSteadyClock({ wall: () => time.now(), monotonic: () => time.passed() });
  const ids = createIdGenerator(clock, randomBytes);
  const keystoreParts = createKeystore({
    directory: join(folder, 'keystore'),
    clock,
    logger: silent,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const { keystore, permits, gate } = keystoreParts;
  const opened = openStorage({
    path: join(folder, 'data', 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock,
    sealer: keystore.sealer,
  });
  const storage = options.decorateStorage?.(opened) ?? opened;
  if (!(await keystore.isInitialised())) await keystore.initialise(PASSWORD);
  await keystore.unlock(PASSWORD);
  gate.open();
  const { sealer } = keystore;
  await seed({ storage, sealer, clock, ids });
  const plain = createFakeAdapter({ ledger, ...options.network });
  const adapter = options.decorateAdapter?.(plain) ?? plain;
  const policies = createPolicyManagement({ storage, sealer, clock, ids });
  const owner = createOwnerManagement({ storage, sealer, clock, ids });
  const agents = createAgentManagement({ storage, keystore, sealer, clock, ids, isSupported: () => true });
  const sessions = createSessionManagement({
    storage,
    sealer,
    clock,
    ids,
    defaultTtl: 604_800,
    maxSessionsPerAgent: 50,
    defaultMaxRenewals: 30,
    absoluteLifetime: 2_592_000,
    tokens: {
      issue: (claims) => `wai_sess_${claims.sessionId}`,
      hash: (token) => Buffer.from(token).toString('hex').padEnd(64, '0').slice(-64),
    },
  });
  const pipeline = createPipeline({
    storage,
    signer: keystore,
    archive: options.decorateArchive?.(keystore) ?? keystore,
    permits,
    gate,
    sealer,
    adapters: { find: () => adapter },
    owner: { reachableChannels: () => options.reachableChannels ?? 0 },
    clock,
    watch: clock,
    timers: time,
    ids,
    logger: silent,
    settings: { ...DEFAULT_PIPELINE_SETTINGS, minChannels: 0, ...options.settings },
  });

  /** Whoever may change the rules: the owner once there is one, before that the operator. */
  const governor = async (): Promise<RequestOrigin> => {
    const present = await owner.load();
    if (present.state !== 'connected') return OPERATOR;
    return by(present.owner.chain === 'solana' ? ALICE : BOB);
  };

  const setRules = async (rules: Partial<SpendingLimitRules>): Promise<void> => {
    const [global] = (await policies.list()).policies;
    if (global === undefined) throw new Error('A seeded database has a policy');
    await policies.update(
      policyId(global.id),
      { rules: spendingLimitRulesSchema.parse({ ...OPEN_RULES, ...rules }) },
      await governor(),
    );
  };
  if (options.folder === undefined) await setRules(options.rules ?? {});

  const createSession = async (agent: AgentId, constraints: SessionConstraints = {}): Promise<SessionId> =>
    sessionId((await sessions.create({ agentId: agent, constraints }, OPERATOR)).sessionId);

  let isClosed = false;
  return {
    folder,
    time,
    ledger,
    adapter,
    storage,
    keystoreParts,
    pipeline,
    createSession,
    async createPayer(constraints = {}, chain = 'solana') {
      const agent = await agents.create({ name: 'payer', chain, network: 'localnet' }, OPERATOR);
      ledger.fund(agent.publicKey, 10n ** 15n);
      const id = agentId(agent.id);
      return { agentId: id, sessionId: await createSession(id, constraints), constraints, address: agent.publicKey };
    },
    revokeSession: async (id) => void (await sessions.revoke(id, OPERATOR)),
    cleanUpSessions: () => sessions.cleanUp(),
    suspendAgent: async (id) => void (await agents.suspend(id, OPERATOR)),
    resumeAgent: async (id) => void (await agents.resume(id, OPERATOR)),
    owner,
    setRules,
    addPolicy: async (input) => void (await policies.create(policyCreateSchema.parse(input), await governor())),
    send: (payer, amount, { to = RECIPIENT, memo, tokenMint, ...rest } = {}) =>
      pipeline.send(payer, bodyOf({ to, amount, memo, tokenMint }), { waitMs: 30_000, ...rest }),
    createToken(change, ...holders) {
      const address = MINTS[ledger.tokens().length];
      if (address === undefined) throw new Error('There are no more mints');
      ledger.setToken({ address, decimals: 6, symbol: 'USDC', ...change });
      for (const holder of holders) ledger.mint(address, holder.address, 10n ** 9n);
      return address;
    },
    async stop() {
      await pipeline.stop(1000);
      if (!isClosed) await expectReadable(storage);
      isClosed = true;
      await storage.close();
      if (keystore.isUnlocked) keystore.lock();
    },
    async kill() {
      // The pipeline goes on in memory but can no longer reach the disk, as after a kill.
      isClosed = true;
      await storage.close();
    },
    async remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
