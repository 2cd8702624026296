import { copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentId } from '@waiaas/core';
import { expect, test } from 'vitest';
import { intercepted } from '../test/intercepted-file-system.ts';
import { codeOf, ethereumKey, OTHER_PASSWORD, PASSWORD, type Scene, solanaKey, withKeystore } from '../test/support.ts';

/* Files are compared with what was loaded from them: whoever changes or removes one while the daemon runs is noticed. */

const [ALICE, BOB, CAROL] = [solanaKey(), ethereumKey(), solanaKey()];
const nameOf = (agentId: AgentId): string => `${agentId}.json`;

const withKeys = (use: (scene: Scene, pathOf: (name: string) => string) => Promise<unknown>) =>
  withKeystore(async (scene) => {
    for (const agent of [ALICE, BOB, CAROL]) await scene.keystore.createKey(agent);
    await use(scene, (name) => join(scene.directory, name));
  });

test('nothing is wrong with files that nobody touched, whatever the daemon itself did with them', () =>
  withKeys(async ({ keystore, gate, permits }) => {
    expect(await keystore.checkFiles()).toEqual([]);
    await keystore.changePassword(PASSWORD, OTHER_PASSWORD);
    await keystore.discardKey(BOB.agentId);
    await keystore.archiveKey(CAROL.agentId);
    expect(await keystore.checkFiles()).toEqual([]);
    await keystore.restoreKey(CAROL.agentId);
    expect(await keystore.checkFiles()).toEqual([]);
    keystore.lock();
    expect(await codeOf(() => keystore.checkFiles())).toBe('KEYSTORE_LOCKED');
    await keystore.unlock(OTHER_PASSWORD);
    expect(await keystore.checkFiles()).toEqual([]);
    // It leaves the keys as they are.
    const permit = permits.mint({ agentId: ALICE.agentId, intentHash: 'h', epoch: gate.epoch });
    expect(keystore.sign(permit, Buffer.from('message'))).toHaveLength(64);
  }));

test.each([
  ['a key file removed', async (path: string) => rm(path), 'missing'],
  ['one emptied', async (path: string) => writeFile(path, ''), 'altered'],
  ['one that is no JSON', async (path: string) => writeFile(path, '{"version":2'), 'altered'],
  [
    'one bit of the tag turned',
    async (path: string) => {
      const json = JSON.parse(await readFile(path, 'utf8'));
      const last = Number.parseInt(json.crypto.tag.at(-1), 16) ^ 1;
      json.crypto.tag = json.crypto.tag.slice(0, -1) + last.toString(16);
      await writeFile(path, JSON.stringify(json));
    },
    'altered',
  ],
  [
    'another network in its header',
    async (path: string) => writeFile(path, (await readFile(path, 'utf8')).replace('devnet', 'mainnet')),
    'altered',
  ],
] as const)('%s is found, and only that', (_what, change, fault) =>
  withKeys(async ({ keystore }, pathOf) => {
    await change(pathOf(nameOf(ALICE.agentId)));
    expect(await keystore.checkFiles()).toEqual([{ file: nameOf(ALICE.agentId), fault }]);
  }),
);

test('files that changed places, and a vault that is gone or another one, are found', () =>
  withKeys(async ({ keystore }, pathOf) => {
    await keystore.changePassword(PASSWORD, OTHER_PASSWORD);
    const [alice, carol] = [pathOf(nameOf(ALICE.agentId)), pathOf(nameOf(CAROL.agentId))];
    await copyFile(alice, carol);
    await writeFile(pathOf('vault.json'), '{}');
    expect(await keystore.checkFiles()).toEqual([
      { file: 'vault.json', fault: 'altered' },
      { file: nameOf(CAROL.agentId), fault: 'altered' },
    ]);
    await rename(pathOf('vault.json'), pathOf('elsewhere'));
    expect(await keystore.checkFiles()).toContainEqual({ file: 'vault.json', fault: 'missing' });
  }));

test('a disk that does not answer says nothing about the files', () => {
  let fails = false;
  return withKeystore(
    async ({ keystore }) => {
      await keystore.createKey(ALICE);
      fails = true;
      expect(await codeOf(() => keystore.checkFiles())).toBe('STORAGE_UNAVAILABLE');
      fails = false;
      expect(await keystore.checkFiles()).toEqual([]);
    },
    intercepted(() => {
      if (fails) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    }),
  );
});
