import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdGenerator, type IdGenerator, type Logger, type WaiaasError } from '@waiaas/core';
import { createVirtualTime, type VirtualTime } from '@waiaas/fake-chain';
import { createKeystore, type Keystore } from '@waiaas/keystore';
import { openStorage, type Storage } from '@waiaas/storage';
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
} from '../src/index.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const confirmCredential = (): void => undefined;
export const OPERATOR: RequestOrigin = { actor: { kind: 'operator' }, ip: '127.0.0.1', confirmCredential };
export const ALICE = { chain: 'solana', address: 'Fg6PaFpoGXkYsidMpWTK6W2BeZ7FEfcYkg476zPFsLnS' } as const;
export const BOB = { chain: 'ethereum', address: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' } as const;

/** A request that the owner has signed, as far as management is concerned. */
export const by = (wallet: typeof ALICE | typeof BOB): RequestOrigin => ({
  actor: { kind: 'owner', ...wallet, message: 'a message', signature: 'a signature' },
  confirmCredential,
});

/** The real storage, keystore and management in a folder of their own, under a clock that a test sets. */
export interface World {
  readonly time: VirtualTime;
  readonly storage: Storage;
  readonly keystore: Keystore;
  readonly ids: IdGenerator;
  readonly agents: AgentManagement;
  readonly sessions: SessionManagement;
  readonly policies: PolicyManagement;
  readonly owner: OwnerManagement;
  audit(): Promise<readonly { event_type: string; actor: string; details: string }[]>;
  remove(): Promise<void>;
}

export async function createWorld(): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-management-'));
  const time = createVirtualTime();
  const { keystore } = createKeystore({
    directory: join(folder, 'keystore'),
    clock: time,
    logger: silent,
    argon2: { memoryCost: 1024, timeCost: 1, parallelism: 1 },
  });
  const storage = openStorage({
    path: join(folder, 'waiaas.db'),
    backupFolder: join(folder, 'backups'),
    clock: time,
    sealer: keystore.sealer,
  });
  await keystore.initialise('a password for tests');
  await keystore.unlock('a password for tests');
  const ids = createIdGenerator(time, randomBytes);
  const shared = { storage, sealer: keystore.sealer, clock: time, ids };
  await seed(shared);
  let tokens = 0;
  return {
    time,
    storage,
    keystore,
    ids,
    agents: createAgentManagement({ ...shared, keystore, isSupported: (chain) => chain === 'solana' }),
    policies: createPolicyManagement(shared),
    owner: createOwnerManagement(shared),
    sessions: createSessionManagement({
      ...shared,
      tokens: {
        issue: () => `token ${tokens++}`,
        hash: (token) => Buffer.from(token).toString('hex').padStart(64, '0'),
      },
      defaultTtl: 86_400,
      maxSessionsPerAgent: 5,
      defaultMaxRenewals: 3,
      absoluteLifetime: 200_000,
    }),
    audit: () =>
      storage.read.selectFrom('audit_log').select(['event_type', 'actor', 'details']).orderBy('id').execute(),
    async remove() {
      await storage.close();
      if (keystore.isUnlocked) keystore.lock();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a refused call said. */
export const refusal = (work: Promise<unknown>): Promise<Pick<WaiaasError, 'code' | 'status'>> =>
  work.then(
    () => {
      throw new Error('was not refused');
    },
    (error) => ({ code: error.code, status: error.status }),
  );
