import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AgentId, agentId, type Clock, createIdGenerator, type LogFields, type Logger } from '@waiaas/core';
import { type FileSystem, nodeFileSystem } from '../src/file-system.ts';
import type { KeystoreParts, NewKey } from '../src/keystore.ts';
import { openKeystore } from '../src/open-keystore.ts';

export const PASSWORD = 'correct horse battery';
export const OTHER_PASSWORD = 'another fine password';

/** Cheap on purpose: the tests are about everything but the cost of a guess. */
export const CHEAP = { memoryCost: 64, timeCost: 1, parallelism: 1 };

/** A clock that moves one millisecond at each look. */
export function testClock(): Clock {
  let now = 1_790_000_000_000;
  return { now: () => now++ };
}

/** A logger that keeps what it is told. */
export function recordingLogger(): Logger & {
  readonly lines: { level: string; fields: LogFields; message: string }[];
} {
  const lines: { level: string; fields: LogFields; message: string }[] = [];
  const at = (level: string) => (fields: LogFields, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

let seed = 0;
const ids = createIdGenerator(testClock(), (length) => {
  seed += 1;
  return new Uint8Array(length).fill(seed % 251);
});
export const newAgentId = (): AgentId => agentId(ids.next());

export const solanaKey = (id = newAgentId()): NewKey => ({
  agentId: id,
  chain: 'solana',
  network: 'devnet',
  name: 'trader',
});
export const ethereumKey = (id = newAgentId()): NewKey => ({
  agentId: id,
  chain: 'ethereum',
  network: 'sepolia',
  name: 'payer',
});

/** Runs with the path of a keystore folder that does not exist yet; the folder around it is removed afterwards. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'waiaas-keystore-'));
  try {
    return await use(join(root, 'keystore'));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

export interface Scene extends KeystoreParts {
  readonly directory: string;
  readonly logger: ReturnType<typeof recordingLogger>;
}

export function keystoreAt(directory: string, fs: FileSystem = nodeFileSystem, argon2 = CHEAP): Scene {
  const logger = recordingLogger();
  return { ...openKeystore({ directory, clock: testClock(), logger, argon2 }, fs), directory, logger };
}

/** Runs with an initialised, unlocked keystore whose gate is open. */
export const withKeystore = <T>(use: (scene: Scene) => Promise<T>, fs?: FileSystem): Promise<T> =>
  withDirectory(async (directory) => {
    const scene = keystoreAt(directory, fs);
    await scene.keystore.initialise(PASSWORD);
    await scene.keystore.unlock(PASSWORD);
    scene.gate.open();
    return use(scene);
  });

/** What a call throws or rejects with; fails when it succeeds. */
export async function failureOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('The call succeeded');
}

/** The code of what a call throws or rejects with. */
export async function codeOf(call: () => unknown): Promise<unknown> {
  const error = await failureOf(call);
  return error instanceof Error && 'code' in error ? error.code : error;
}
