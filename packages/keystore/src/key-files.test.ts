import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { agentId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { forgeKeyFile, masterKeyOf, secretOf } from '../test/independent-reader.ts';
import {
  codeOf,
  ethereumKey,
  failureOf,
  keystoreAt,
  newAgentId,
  OTHER_PASSWORD,
  PASSWORD,
  type Scene,
  solanaKey,
  withDirectory,
  withKeystore,
} from '../test/support.ts';

interface KeyJson {
  version: number;
  agentId: string;
  chain: string;
  network: string;
  publicKey: string;
  crypto: { cipher: string; kdf: string; iv: string; ciphertext: string; tag: string };
  metadata: { name: string; createdAt: string };
}

const fileOf = (directory: string, id: string): string => join(directory, `${id}.json`);
const readKey = async (directory: string, id: string): Promise<KeyJson> =>
  JSON.parse(await readFile(fileOf(directory, id), 'utf8'));

/** The same folder, opened anew. */
const reopened = (scene: Scene) => {
  if (scene.keystore.isUnlocked) scene.keystore.lock();
  return keystoreAt(scene.directory).keystore;
};

/** Expects that the folder does not open, that the error names the file, and that nothing stays loaded. */
async function expectShut(scene: Scene, file: string, code = 'CORRUPT'): Promise<void> {
  const keystore = reopened(scene);
  expect(await failureOf(() => keystore.unlock(PASSWORD))).toMatchObject({ name: 'KeystoreError', code, file });
  expect([keystore.isUnlocked, keystore.keyCount]).toEqual([false, 0]);
}

describe('creating a key', () => {
  test.each([solanaKey, ethereumKey])('stores a file that a restart loads (%o)', (make) =>
    withKeystore(async (scene) => {
      const agent = make();
      const { publicKey } = await scene.keystore.createKey(agent);
      expect(scene.keystore.publicKey(agent.agentId)).toBe(publicKey);
      const keystore = reopened(scene);
      await keystore.unlock(PASSWORD);
      expect(keystore.keyCount).toBe(1);
      expect(keystore.publicKey(agent.agentId)).toBe(publicKey);
      expect(await keystore.listKeyFiles()).toEqual([{ ...agent, publicKey, createdAt: expect.any(String) }]);
    }),
  );

  test('two agents share nothing, and an independent reader finds the documented layout', () =>
    withKeystore(async ({ keystore, directory }) => {
      const agents = [solanaKey(), solanaKey(), ethereumKey()];
      for (const agent of agents) await keystore.createKey(agent);
      const masterKey = await masterKeyOf(directory, PASSWORD);
      const seen = new Set<string>();
      for (const { agentId } of agents) {
        const { crypto } = await readKey(directory, agentId);
        expect([crypto.iv, crypto.ciphertext, crypto.tag].map((hex) => hex.length)).toEqual([24, 64, 32]);
        const secret = await secretOf(directory, masterKey, agentId);
        for (const value of [crypto.iv, crypto.ciphertext, crypto.tag, secret.toString('hex')]) seen.add(value);
      }
      expect(seen.size).toBe(12);
    }));

  test('an agent has one key: of simultaneous creations one succeeds', () =>
    withKeystore(async ({ keystore, directory }) => {
      const agent = solanaKey();
      const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => keystore.createKey(agent)));
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const before = await readFile(fileOf(directory, agent.agentId), 'utf8');
      expect(await codeOf(() => keystore.createKey(agent))).toBe('KEY_EXISTS');
      expect(await readFile(fileOf(directory, agent.agentId), 'utf8')).toBe(before);
      expect(keystore.keyCount).toBe(1);
    }));

  test('what could not be read back is not written', () =>
    withKeystore(async ({ keystore, directory }) => {
      expect(await codeOf(() => keystore.createKey({ ...solanaKey(), name: 'x'.repeat(257) }))).toBe('CORRUPT');
      expect(await codeOf(() => keystore.createKey({ ...solanaKey(), name: '\ud800' }))).toBe('CORRUPT');
      expect(await codeOf(() => keystore.createKey({ ...solanaKey(), network: 'sepolia' }))).toBe(
        'CHAIN_NOT_SUPPORTED',
      );
      expect(await readdir(directory)).toEqual(['vault.json']);
      expect(keystore.keyCount).toBe(0);
    }));

  test('an id that is none never becomes a path', () =>
    withKeystore(async ({ keystore, directory }) => {
      const id = newAgentId();
      const crafted = { toString: () => id };
      for (const bad of ['../escape', `../${id}`, id.toUpperCase(), crafted]) {
        const agent = { ...solanaKey(), agentId: bad };
        // A caller without types.
        await expect(Reflect.apply(keystore.createKey, keystore, [agent])).rejects.toThrow(TypeError);
        await expect(Reflect.apply(keystore.discardKey, keystore, [bad])).rejects.toThrow(TypeError);
      }
      expect(await readdir(directory)).toEqual(['vault.json']);
    }));

  test('needs an unlocked keystore', () =>
    withKeystore(async ({ keystore, directory }) => {
      keystore.lock();
      expect(await codeOf(() => keystore.createKey(solanaKey()))).toBe('KEYSTORE_LOCKED');
      expect(await readdir(directory)).toEqual(['vault.json']);
    }));
});

describe('an altered key file', () => {
  test(
    'any flipped bit of nonce, ciphertext or tag keeps the keystore shut',
    () =>
      withKeystore(async (scene) => {
        const agent = solanaKey();
        await scene.keystore.createKey(agent);
        await scene.keystore.createKey(ethereumKey());
        const path = fileOf(scene.directory, agent.agentId);
        const original = await readKey(scene.directory, agent.agentId);
        const keystore = reopened(scene);
        for (const field of ['iv', 'ciphertext', 'tag'] as const) {
          for (let bit = 0; bit < original.crypto[field].length * 4; bit += 1) {
            const bytes = Buffer.from(original.crypto[field], 'hex');
            bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
            const altered = { ...original, crypto: { ...original.crypto, [field]: bytes.toString('hex') } };
            await writeFile(path, JSON.stringify(altered));
            expect(await codeOf(() => keystore.unlock(PASSWORD))).toBe('CORRUPT');
            expect(keystore.isUnlocked).toBe(false);
          }
        }
        await writeFile(path, JSON.stringify(original));
        await keystore.unlock(PASSWORD);
      }),
    60_000,
  );

  const other = newAgentId();
  const attacks: Readonly<Record<string, { code?: string; change: (key: KeyJson) => unknown }>> = {
    'another public key': { change: (key) => ({ ...key, publicKey: `${key.publicKey.slice(0, -1)}1` }) },
    'a public key that is none': { change: (key) => ({ ...key, publicKey: '0OIl' }) },
    'another network': { change: (key) => ({ ...key, network: 'mainnet-beta' }) },
    'another chain': { change: (key) => ({ ...key, chain: 'ethereum' }) },
    'another chain and network': {
      change: (key) => ({ ...key, chain: 'ethereum', network: 'sepolia', publicKey: `0x${'00'.repeat(20)}` }),
    },
    'an unknown chain': { change: (key) => ({ ...key, chain: 'bitcoin' }) },
    'another agent': { change: (key) => ({ ...key, agentId: other }) },
    'an earlier version': { code: 'UNSUPPORTED_VERSION', change: (key) => ({ ...key, version: 1 }) },
    'a later version': { code: 'UNSUPPORTED_VERSION', change: (key) => ({ ...key, version: 3 }) },
    'no version': { change: ({ version: _version, ...key }) => key },
    'a tag of four bytes': { change: (key) => crypto(key, { tag: key.crypto.tag.slice(0, 8) }) },
    'an empty tag': { change: (key) => crypto(key, { tag: '' }) },
    'a nonce of 16 bytes': { change: (key) => crypto(key, { iv: '00'.repeat(16) }) },
    'a ciphertext of 64 bytes': { change: (key) => crypto(key, { ciphertext: '00'.repeat(64) }) },
    'a number for a tag': { change: (key) => crypto(key, { tag: 12 }) },
    'another cipher': { change: (key) => crypto(key, { cipher: 'none' }) },
    'another KDF': { change: (key) => crypto(key, { kdf: 'none' }) },
    'an unknown field': { change: (key) => ({ ...key, note: 'x' }) },
    'an unknown field beside the key': { change: (key) => crypto(key, { note: 'x' }) },
    'an unknown field in the metadata': { change: (key) => ({ ...key, metadata: { ...key.metadata, x: 1 } }) },
    'no metadata': { change: ({ metadata: _metadata, ...key }) => key },
    'a creation time that is none': { change: (key) => ({ ...key, metadata: { ...key.metadata, createdAt: 'now' } }) },
    'a list': { change: (key) => [key] },
    nothing: { change: () => null },
  };
  const crypto = (key: KeyJson, change: object): unknown => ({ ...key, crypto: { ...key.crypto, ...change } });

  test.each(Object.entries(attacks))('%s is refused', (_name, { code, change }) =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      await scene.keystore.createKey(solanaKey());
      await scene.keystore.createKey(agent);
      const altered = change(await readKey(scene.directory, agent.agentId));
      await writeFile(fileOf(scene.directory, agent.agentId), JSON.stringify(altered));
      await expectShut(scene, `${agent.agentId}.json`, code);
    }),
  );

  test('files of two agents cannot be exchanged, whole or in part', () =>
    withKeystore(async (scene) => {
      const [a, b] = [solanaKey(), solanaKey()];
      await scene.keystore.createKey(a);
      await scene.keystore.createKey(b);
      const [fileA, fileB] = [fileOf(scene.directory, a.agentId), fileOf(scene.directory, b.agentId)];
      const original = await readKey(scene.directory, a.agentId);
      const stranger = await readKey(scene.directory, b.agentId);
      await copyFile(fileB, fileA);
      await expectShut(scene, `${a.agentId}.json`);
      await writeFile(fileA, JSON.stringify({ ...stranger, agentId: a.agentId }));
      await expectShut(scene, `${a.agentId}.json`);
      await writeFile(fileA, JSON.stringify({ ...original, crypto: stranger.crypto }));
      await expectShut(scene, `${a.agentId}.json`);
    }));

  test('a key of another vault is refused', () =>
    withKeystore((scene) =>
      withKeystore(async (foreign) => {
        const agent = solanaKey();
        await foreign.keystore.createKey(agent);
        await copyFile(fileOf(foreign.directory, agent.agentId), fileOf(scene.directory, agent.agentId));
        await expectShut(scene, `${agent.agentId}.json`);
      }),
    ));

  test.each([solanaKey, ethereumKey])(
    'a correctly encrypted file whose address is not its key’s is refused (%o)',
    (make) =>
      withKeystore(async (scene) => {
        const [victim, attacker] = [make(), make()];
        await scene.keystore.createKey(victim);
        const { publicKey } = await scene.keystore.createKey(attacker);
        const masterKey = await masterKeyOf(scene.directory, PASSWORD);
        await forgeKeyFile(scene.directory, masterKey, victim.agentId, { publicKey });
        await expectShut(scene, `${victim.agentId}.json`);
      }),
  );

  test('a correctly encrypted secret that is no key is refused', () =>
    withKeystore(async (scene) => {
      const agent = ethereumKey();
      await scene.keystore.createKey(agent);
      const masterKey = await masterKeyOf(scene.directory, PASSWORD);
      await forgeKeyFile(scene.directory, masterKey, agent.agentId, { secret: Buffer.alloc(32) });
      await expectShut(scene, `${agent.agentId}.json`);
    }));

  test('whatever else lies under the name is refused and holds nothing up', () =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      const name = `${agent.agentId}.json`;
      const path = fileOf(scene.directory, agent.agentId);
      // A link is refused even where it leads to the agent's own, sound key file.
      await scene.keystore.createKey(agent);
      const elsewhere = join(scene.directory, '..', 'elsewhere.json');
      await rename(path, elsewhere);
      const plants: (() => Promise<unknown> | unknown)[] = [
        () => writeFile(path, ''),
        () => writeFile(path, 'not json'),
        () => writeFile(path, ' '.repeat(20_000)),
        () => mkdir(path),
        () => symlink(elsewhere, path),
        () => execFileSync('mkfifo', [path]),
      ];
      for (const plant of plants) {
        await plant();
        await expectShut(scene, name);
        expect(await codeOf(() => keystoreAt(scene.directory).keystore.listKeyFiles())).toBe('CORRUPT');
        await rm(path, { recursive: true });
      }
    }));
});

describe('listing key files', () => {
  test('tells headers in order while locked, and nothing before there is a folder', () =>
    withKeystore(async (scene) => {
      const agents = [solanaKey(), ethereumKey(), solanaKey()];
      for (const agent of agents) await scene.keystore.createKey(agent);
      const listed = await reopened(scene).listKeyFiles();
      expect(listed.map((info) => info.agentId)).toEqual(agents.map((agent) => agent.agentId).sort());
      expect(Object.keys(listed[0] ?? {}).sort()).toEqual([
        'agentId',
        'chain',
        'createdAt',
        'name',
        'network',
        'publicKey',
      ]);
      await withDirectory(async (directory) => expect(await keystoreAt(directory).keystore.listKeyFiles()).toEqual([]));
    }));

  test('other names in the folder are nobody’s business; stale temporary files go at unlock', () =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      await scene.keystore.createKey(agent);
      const stale = `.${agent.agentId}.json.0123456789abcdef.tmp`;
      const kept = [
        'notes.txt',
        'agent.json',
        `${agent.agentId}.json.bak`,
        `${agentId(newAgentId()).toUpperCase()}.json`,
        '.hidden.tmp',
        '6f9619ff-8b86-4d01-b42d-00cf4fc964ff.json',
      ];
      for (const name of [stale, ...kept]) await writeFile(join(scene.directory, name), 'not a key');
      const keystore = reopened(scene);
      await keystore.unlock(PASSWORD);
      expect(keystore.keyCount).toBe(1);
      expect((await readdir(scene.directory)).sort()).toEqual([...kept, `${agent.agentId}.json`, 'vault.json'].sort());
    }));
});

describe('discarding a key', () => {
  test('takes it out of use and keeps its file aside', () =>
    withKeystore(async ({ keystore, permits, gate, directory }) => {
      const agent = solanaKey();
      const { publicKey } = await keystore.createKey(agent);
      const before = await readFile(fileOf(directory, agent.agentId), 'utf8');
      const permit = permits.mint({ agentId: agent.agentId, intentHash: 'h', epoch: gate.epoch });
      await keystore.discardKey(agent.agentId);
      expect(await codeOf(() => keystore.sign(permit, new Uint8Array(1)))).toBe('AGENT_NOT_FOUND');
      expect(await codeOf(() => keystore.publicKey(agent.agentId))).toBe('AGENT_NOT_FOUND');
      expect(keystore.keyCount).toBe(0);
      const [name = ''] = await readdir(join(directory, 'discarded'));
      expect(await readFile(join(directory, 'discarded', name), 'utf8')).toBe(before);
      expect(before).toContain(publicKey);
      expect(await codeOf(() => keystore.discardKey(agent.agentId))).toBe('AGENT_NOT_FOUND');
    }));

  test('the id is free again, and no discarded file is ever replaced', () =>
    withKeystore(async ({ keystore, directory }) => {
      const agent = solanaKey();
      const keys = new Set<string>();
      for (let round = 0; round < 3; round += 1) {
        keys.add((await keystore.createKey(agent)).publicKey);
        await keystore.discardKey(agent.agentId);
      }
      expect(keys.size).toBe(3);
      expect(await readdir(join(directory, 'discarded'))).toHaveLength(3);
    }));

  test('works while locked, for the repair at start', () =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      await scene.keystore.createKey(agent);
      const keystore = reopened(scene);
      await keystore.discardKey(agent.agentId);
      await keystore.unlock(PASSWORD);
      expect(keystore.keyCount).toBe(0);
    }));

  test('a discarded file put back opens again', () =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      const { publicKey } = await scene.keystore.createKey(agent);
      await scene.keystore.discardKey(agent.agentId);
      const [name = ''] = await readdir(join(scene.directory, 'discarded'));
      await rename(join(scene.directory, 'discarded', name), fileOf(scene.directory, agent.agentId));
      const keystore = reopened(scene);
      await keystore.unlock(PASSWORD);
      expect(keystore.publicKey(agent.agentId)).toBe(publicKey);
    }));
});

describe('archiving a key', () => {
  const archivedFile = (directory: string, id: string): string => fileOf(join(directory, 'archived'), id);

  test('takes it out of use and keeps its file, where no unlock looks', () =>
    withKeystore(async (scene) => {
      const { keystore, permits, gate, directory } = scene;
      const [agent, other] = [solanaKey(), ethereumKey()];
      for (const key of [agent, other]) await keystore.createKey(key);
      const before = await readFile(fileOf(directory, agent.agentId), 'utf8');
      const permit = permits.mint({ agentId: agent.agentId, intentHash: 'h', epoch: gate.epoch });
      await keystore.archiveKey(agent.agentId);
      expect(await codeOf(() => keystore.sign(permit, new Uint8Array(1)))).toBe('AGENT_NOT_FOUND');
      expect(await codeOf(() => keystore.publicKey(agent.agentId))).toBe('AGENT_NOT_FOUND');
      expect(await readFile(archivedFile(directory, agent.agentId), 'utf8')).toBe(before);
      const restarted = reopened(scene);
      await restarted.unlock(PASSWORD);
      expect((await restarted.listKeyFiles()).map(({ agentId }) => agentId)).toEqual([other.agentId]);
      expect(restarted.keyCount).toBe(1);
    }));

  test('happens once however often it is asked for, locked or not', () =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      await scene.keystore.createKey(agent);
      await Promise.all(Array.from({ length: 4 }, () => scene.keystore.archiveKey(agent.agentId)));
      scene.keystore.lock();
      await scene.keystore.archiveKey(agent.agentId);
      expect(await readdir(join(scene.directory, 'archived'))).toEqual([`${agent.agentId}.json`]);
    }));

  test.each([solanaKey, ethereumKey])('is undone for as long as it is loaded, under any password since (%o)', (make) =>
    withKeystore(async (scene) => {
      const agent = make();
      const { publicKey } = await scene.keystore.createKey(agent);
      await scene.keystore.archiveKey(agent.agentId);
      await scene.keystore.changePassword(PASSWORD, OTHER_PASSWORD);
      scene.keystore.lock();
      const { keystore, permits, gate } = keystoreAt(scene.directory);
      expect(await codeOf(() => keystore.restoreKey(agent.agentId))).toBe('KEYSTORE_LOCKED');
      await keystore.unlock(OTHER_PASSWORD);
      gate.open();
      for (let round = 0; round < 2; round += 1) {
        for (let twice = 0; twice < 2; twice += 1) await keystore.restoreKey(agent.agentId);
        expect(keystore.publicKey(agent.agentId)).toBe(publicKey);
        const permit = permits.mint({ agentId: agent.agentId, intentHash: 'h', epoch: gate.epoch });
        expect(keystore.sign(permit, new Uint8Array(32)).length).toBeGreaterThanOrEqual(64);
        await keystore.archiveKey(agent.agentId);
        expect(await codeOf(() => keystore.publicKey(agent.agentId))).toBe('AGENT_NOT_FOUND');
      }
      expect(await readdir(join(scene.directory, 'archived'))).toEqual([`${agent.agentId}.json`]);
    }),
  );

  test('leaves alone what it does not know, and what is not a key any more', () =>
    withKeystore(async ({ keystore, directory }) => {
      const unknown = newAgentId();
      expect(await codeOf(() => keystore.archiveKey(unknown))).toBe('AGENT_NOT_FOUND');
      expect(await codeOf(() => keystore.restoreKey(unknown))).toBe('AGENT_NOT_FOUND');
      for (const bad of ['', '../vault', 'archived/x']) {
        await expect(Reflect.apply(keystore.archiveKey, keystore, [bad])).rejects.toThrow(TypeError);
        await expect(Reflect.apply(keystore.restoreKey, keystore, [bad])).rejects.toThrow(TypeError);
      }
      const agent = solanaKey();
      await keystore.createKey(agent);
      await keystore.archiveKey(agent.agentId);
      const path = archivedFile(directory, agent.agentId);
      const file: KeyJson = JSON.parse(await readFile(path, 'utf8'));
      const [first = '', ...rest] = file.crypto.tag;
      file.crypto.tag = [first === '0' ? '1' : '0', ...rest].join('');
      await writeFile(path, JSON.stringify(file), { mode: 0o600 });
      expect(await codeOf(() => keystore.restoreKey(agent.agentId))).toBe('CORRUPT');
      expect(await codeOf(() => keystore.publicKey(agent.agentId))).toBe('AGENT_NOT_FOUND');
    }));

  test("does not open by another agent's file", () =>
    withKeystore(async ({ keystore, directory }) => {
      const [one, other] = [solanaKey(), solanaKey()];
      for (const key of [one, other]) {
        await keystore.createKey(key);
        await keystore.archiveKey(key.agentId);
      }
      await copyFile(archivedFile(directory, other.agentId), archivedFile(directory, one.agentId));
      expect(await codeOf(() => keystore.restoreKey(one.agentId))).toBe('CORRUPT');
    }));
});

test(
  'a thousand keys open with one password and one KDF run',
  () =>
    withKeystore(async (scene) => {
      const publicKeys = new Map<string, string>();
      for (let index = 0; index < 1000; index += 1) {
        const agent = index % 10 === 0 ? ethereumKey() : solanaKey();
        publicKeys.set(agent.agentId, (await scene.keystore.createKey(agent)).publicKey);
      }
      const keystore = reopened(scene);
      expect(await codeOf(() => keystore.unlock(OTHER_PASSWORD))).toBe('WRONG_PASSWORD');
      await keystore.unlock(PASSWORD);
      expect(keystore.keyCount).toBe(1000);
      for (const [id, publicKey] of publicKeys) expect(keystore.publicKey(agentId(id))).toBe(publicKey);
      keystore.lock();
    }),
  60_000,
);
