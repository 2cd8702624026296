import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, canonicalJson, type RowSealer, type SealedContent } from '@waiaas/core';
import { openStorage, type Storage, type StorageOptions } from '../src/index.ts';

/** A clock that a test sets, in seconds. */
export interface TestClock extends Clock {
  seconds: number;
}

export const createTestClock = (): TestClock => ({
  seconds: 1_800_000_000,
  now() {
    return this.seconds * 1000;
  },
});

const mac = ({ kind, id, version, payload }: SealedContent): string =>
  createHmac('sha256', 'a key for tests')
    .update(canonicalJson([kind, id, version, payload]))
    .digest('base64url');

/** Seals under a key of the test. */
export const testSealer: RowSealer = {
  seal: mac,
  verify: (content, seal) => seal === mac(content),
};

export interface TemporaryStorage {
  readonly folder: string;
  readonly path: string;
  readonly storage: Storage;
  readonly clock: TestClock;
  remove(): Promise<void>;
}

/** A database of its own in a folder of its own. */
export function openTemporaryStorage(options: Partial<StorageOptions> = {}): TemporaryStorage {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-storage-'));
  const path = join(folder, 'data', 'waiaas.db');
  const clock = createTestClock();
  const storage = openStorage({
    path,
    backupFolder: join(folder, 'backups'),
    clock,
    sealer: testSealer,
    ...options,
  });
  return {
    folder,
    path,
    storage,
    clock,
    async remove() {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A UUID v7 with a number in it. */
export const testId = (number: number): string => `00000000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
