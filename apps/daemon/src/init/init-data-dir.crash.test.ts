import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Initialise } from '../daemon-options.ts';
import { finishReadyStages, hasReadyStage, initDataDir } from './index.ts';

let root: string;
let dataDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'waiaas-stage-'));
  dataDir = join(root, 'deep', 'down');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const writeBoth =
  (mark: string): Initialise =>
  async (stage) => {
    writeFileSync(join(stage, 'keystore', 'vault.json'), mark);
    writeFileSync(join(stage, 'data', 'waiaas.db'), mark);
  };

const run = (initialise: Initialise, options: { force?: boolean; newPassword?: () => Promise<string> } = {}) =>
  initDataDir({
    dataDir,
    force: options.force ?? false,
    home: join(root, 'home'),
    env: {},
    clock: systemClock,
    logger,
    confirmReplace: async () => true,
    newPassword: options.newPassword ?? (async () => 'long-enough-password'),
    initialise,
  });
const mark = (name: string): string => readFileSync(join(dataDir, name), 'utf8');

describe('an init that fails', () => {
  test.each(['password', 'initialise'])('at the %s leaves nothing behind, not even directories', async (where) => {
    const boom = async () => {
      throw new Error('boom');
    };
    const failing = where === 'password' ? run(writeBoth('new'), { newPassword: boom }) : run(boom);
    await expect(failing).rejects.toThrow('boom');
    expect(readdirSync(root)).toEqual([]);
  });

  test('leaves an existing data directory as it was', async () => {
    await run(writeBoth('old'));
    const half: Initialise = async (stage) => {
      writeFileSync(join(stage, 'keystore', 'vault.json'), 'half');
      throw new Error('boom');
    };
    await expect(run(half, { force: true })).rejects.toThrow('boom');
    expect(mark('keystore/vault.json')).toBe('old');
    expect(readdirSync(dataDir).sort()).toEqual(['backups', 'config.toml', 'data', 'keystore', 'logs']);
    expect(readdirSync(join(dataDir, 'backups'))).toEqual([]);
  });
});

describe('an init that is killed', () => {
  test('before its commitment: nothing is initialised, and the next one begins afresh', async () => {
    mkdirSync(join(dataDir, '.init-partial-0123456789ab', 'keystore'), { recursive: true });
    writeFileSync(join(dataDir, '.init-partial-0123456789ab', 'keystore', 'vault.json'), 'dead');
    expect(hasReadyStage(dataDir)).toBe(false);
    await run(writeBoth('new'));
    expect(mark('keystore/vault.json')).toBe('new');
    expect(readdirSync(dataDir).some((name) => name.startsWith('.init'))).toBe(false);
  });

  // Each state is one that a kill between two steps of the commitment leaves.
  const steps = ['config.toml', 'keystore', 'data'] as const;
  test.each([0, 1, 2, 3, 4, 5])(
    'in the middle of its commitment (step %i): the next command finishes it',
    async (step) => {
      await run(writeBoth('old'));
      const kept = join(dataDir, 'backups', 'replaced-x');
      const stage = join(dataDir, '.init-ready-x');
      for (const name of ['keystore', 'data']) mkdirSync(join(stage, name), { recursive: true });
      await writeBoth('new')(stage, {} as never, '', { logger });
      writeFileSync(join(stage, 'config.toml'), 'new');
      const moves: (() => void)[] = [
        ...steps.map((name) => () => {
          mkdirSync(kept, { recursive: true });
          renameSync(join(dataDir, name), join(kept, name));
        }),
        ...steps.slice(1).map((name) => () => renameSync(join(stage, name), join(dataDir, name))),
      ];
      // Real order: old config aside, then for each entry the old one aside and the new one in.
      const order = [0, 1, 3, 2, 4];
      for (const index of order.slice(0, step)) moves[index]?.();

      expect(hasReadyStage(dataDir)).toBe(true);
      finishReadyStages(dataDir);
      for (const name of ['keystore/vault.json', 'data/waiaas.db', 'config.toml']) expect(mark(name)).toBe('new');
      expect(readFileSync(join(kept, 'keystore', 'vault.json'), 'utf8')).toBe('old');
      expect(existsSync(join(kept, 'config.toml'))).toBe(true);
      expect(hasReadyStage(dataDir)).toBe(false);
      finishReadyStages(dataDir);
      expect(mark('config.toml')).toBe('new');
    },
  );
});
