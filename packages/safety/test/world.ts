import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentId, agentId, createIdGenerator, type IdGenerator, type Logger, sessionId } from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type KeystoreParts } from '@waiaas/keystore';
import {
  type AgentManagement,
  createAgentManagement,
  createOwnerManagement,
  createPolicyManagement,
  createSessionManagement,
  type OwnerManagement,
  type PolicyManagement,
  type RequestOrigin,
  type SessionManagement,
  seed,
} from '@waiaas/management';
import { openStorage, type Storage } from '@waiaas/storage';
import { createKillSwitch, type KillSwitch, type KillSwitchDependencies, loadKillSwitch } from '../src/index.ts';

export const PASSWORD = 'a password for tests';

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const confirmCredential = (): void => undefined;
export const OPERATOR: RequestOrigin = { actor: { kind: 'operator' }, confirmCredential };
export const ALICE = { chain: 'solana', address: '9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin' } as const;
export const BOB = { chain: 'ethereum', address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' } as const;
/** A request that a wallet has signed. */
export const by = (wallet: typeof ALICE | typeof BOB): RequestOrigin => ({
  actor: { kind: 'owner', ...wallet, message: 'the message', signature: 'the signature' },
  confirmCredential,
});

export interface WorldOptions {
  readonly folder?: string;
  readonly time?: VirtualTime;
  readonly decorateStorage?: (storage: Storage) => Storage;
  readonly killSwitch?: Partial<KillSwitchDependencies>;
  readonly decorateVault?: (vault: KillSwitchDependencies['vault']) => KillSwitchDependencies['vault'];
  /** Restarts without opening the vault, as a daemon whose kill switch is engaged does. */
  readonly locked?: boolean;
}

/** Storage, keystore and management as they are, in a folder of their own, over a virtual clock. */
export interface World {
  readonly folder: string;
  readonly time: VirtualTime;
  readonly ids: IdGenerator;
  readonly storage: Storage;
  readonly keystoreParts: KeystoreParts;
  readonly agents: AgentManagement;
  readonly sessions: SessionManagement;
  readonly owner: OwnerManagement;
  readonly policies: PolicyManagement;
  readonly killSwitch: KillSwitch;
  /** How often something was stored that the owner is to be told of. */
  readonly notified: { wakes: number };
  readonly operatorTokensEnded: () => number;
  createAgent(): Promise<AgentId>;
  createSession(agent: AgentId): Promise<string>;
  audit(): Promise<readonly { event_type: string; actor: string; severity: string; details: string }[]>;
  close(): Promise<void>;
  remove(): void;
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'waiaas-safety-'));
  const time = options.time ?? createVirtualTime();
  const ids = createIdGenerator(time, randomBytes);
  const keystoreParts = createKeystore({
    directory: join(folder, 'keystore'),
    clock: time,
    logger: silent,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const { keystore, gate } = keystoreParts;
  const opened = openStorage({
    path: join(folder, 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock: time,
    sealer: keystore.sealer,
  });
  const storage = options.decorateStorage?.(opened) ?? opened;
  const { sealer } = keystore;
  const isNew = !(await keystore.isInitialised());
  if (isNew) await keystore.initialise(PASSWORD);
  if (options.locked !== true) {
    await keystore.unlock(PASSWORD);
    if (isNew) await seed({ storage, sealer, clock: time, ids });
    gate.open();
  }
  const shared = { storage, sealer, clock: time, ids };
  const agents = createAgentManagement({ ...shared, keystore, isSupported: () => true });
  let tokens = 0;
  const sessions = createSessionManagement({
    ...shared,
    tokens: {
      issue: () => `token ${tokens++} ${folder}`,
      hash: (token) => Buffer.from(token).toString('hex').padStart(64, '0').slice(0, 64),
    },
    defaultTtl: 86_400,
    maxSessionsPerAgent: 1000,
    defaultMaxRenewals: 30,
    absoluteLifetime: 2_592_000,
  });
  const notified = { wakes: 0 };
  storage.onNotification(() => {
    notified.wakes += 1;
  });
  let ended = 0;
  const killSwitch = createKillSwitch({
    ...shared,
    vault: options.decorateVault?.(keystore) ?? keystore,
    gate,
    timers: time,
    logger: silent,
    endOperatorTokens: () => {
      ended += 1;
    },
    afterUnlock: async () => undefined,
    takeUpPayments: async () => undefined,
    initial: await loadKillSwitch(storage, time, silent),
    ...options.killSwitch,
  });
  return {
    folder,
    time,
    ids,
    storage,
    keystoreParts,
    agents,
    sessions,
    owner: createOwnerManagement(shared),
    policies: createPolicyManagement(shared),
    killSwitch,
    notified,
    operatorTokensEnded: () => ended,
    createAgent: async () =>
      agentId((await agents.create({ name: 'a', chain: 'solana', network: 'localnet' }, OPERATOR)).id),
    createSession: async (agent) => sessionId((await sessions.create({ agentId: agent }, OPERATOR)).sessionId),
    audit: () =>
      storage.read
        .selectFrom('audit_log')
        .select(['event_type', 'actor', 'severity', 'details'])
        .orderBy('id')
        .execute(),
    async close() {
      await storage.close();
      if (keystore.isUnlocked) keystore.lock();
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
