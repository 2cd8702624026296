import { createDecipheriv } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import argon2 from 'argon2';
import { describe, expect, test } from 'vitest';
import {
  codeOf,
  ethereumKey,
  failureOf,
  newAgentId,
  OTHER_PASSWORD,
  PASSWORD,
  type Scene,
  solanaKey,
  withKeystore,
} from '../test/support.ts';

const EXPORT = 'a password of its own';

interface ExportJson {
  version: number;
  id: string;
  chain: string;
  network: string;
  publicKey: string;
  crypto: {
    cipher: string;
    cipherparams: { iv: string };
    ciphertext: string;
    authTag: string;
    kdf: string;
    kdfparams: { salt: string; memoryCost: number; timeCost: number; parallelism: number; hashLength: number };
  };
  metadata: { name: string; createdAt: string; lastUnlockedAt: null };
}

/** Reads an export as its description says, with nothing of this package. */
async function openExport(text: string, password: string): Promise<Buffer> {
  const { crypto }: ExportJson = JSON.parse(text);
  const { salt, hashLength, ...cost } = crypto.kdfparams;
  const options = { ...cost, hashLength, salt: Buffer.from(salt, 'hex'), type: argon2.argon2id, raw: true } as const;
  const decipher = createDecipheriv(
    'aes-256-gcm',
    await argon2.hash(password, options),
    Buffer.from(crypto.cipherparams.iv, 'hex'),
  );
  decipher.setAuthTag(Buffer.from(crypto.authTag, 'hex'));
  return Buffer.concat([decipher.update(Buffer.from(crypto.ciphertext, 'hex')), decipher.final()]);
}

const signatureOf = ({ keystore, permits, gate }: Scene, agentId: ReturnType<typeof newAgentId>): string => {
  gate.open();
  const permit = permits.mint({ agentId, intentHash: 'hash', epoch: gate.epoch });
  return Buffer.from(keystore.sign(permit, new Uint8Array(32).fill(7))).toString('hex');
};

describe('an exported key', () => {
  test.each([
    [solanaKey, 64],
    [ethereumKey, 32],
  ])('is the key, under a password of its own, as described (%o)', (make, bytes) =>
    withKeystore(async ({ keystore, carrier }) => {
      const agent = make();
      const { publicKey } = await keystore.createKey(agent);
      const text = await carrier.exportKey(agent.agentId, EXPORT);
      const { id, crypto, metadata, ...rest }: ExportJson = JSON.parse(text);
      expect(rest).toEqual({ version: 1, chain: agent.chain, network: agent.network, publicKey });
      expect(id).not.toBe(agent.agentId);
      expect(metadata).toEqual({ name: agent.name, createdAt: expect.any(String), lastUnlockedAt: null });
      expect(await openExport(text, EXPORT)).toHaveLength(bytes);
      await expect(openExport(text, PASSWORD)).rejects.toThrow();
      const again: ExportJson = JSON.parse(await carrier.exportKey(agent.agentId, EXPORT));
      expect(again.crypto.cipherparams.iv).not.toBe(crypto.cipherparams.iv);
      expect(again.crypto.kdfparams.salt).not.toBe(crypto.kdfparams.salt);
    }),
  );

  test.each([solanaKey, ethereumKey])('signs elsewhere as it did here, also after a restart there (%o)', (make) =>
    withKeystore(async (here) => {
      const agent = make();
      const { publicKey } = await here.keystore.createKey(agent);
      const text = await here.carrier.exportKey(agent.agentId, EXPORT);
      const signed = signatureOf(here, agent.agentId);
      await withKeystore(async (there) => {
        const agentId = newAgentId();
        const info = await there.carrier.importKey(text, { agentId, name: 'taken in', password: EXPORT });
        expect(info).toMatchObject({
          agentId,
          name: 'taken in',
          publicKey,
          chain: agent.chain,
          network: agent.network,
        });
        expect(signatureOf(there, agentId)).toBe(signed);
        there.keystore.lock();
        await there.keystore.unlock(PASSWORD);
        expect(signatureOf(there, agentId)).toBe(signed);
      });
    }),
  );

  test('is given for no weak password, of no locked keystore and of no unknown agent', () =>
    withKeystore(async ({ keystore, carrier }) => {
      const agent = solanaKey();
      await keystore.createKey(agent);
      expect(await codeOf(() => carrier.exportKey(agent.agentId, 'short'))).toBe('UNSUITABLE_PASSWORD');
      expect(await codeOf(() => carrier.exportKey(newAgentId(), EXPORT))).toBe('AGENT_NOT_FOUND');
      keystore.lock();
      expect(await codeOf(() => carrier.exportKey(agent.agentId, EXPORT))).toBe('KEYSTORE_LOCKED');
    }));
});

describe('taking a key in', () => {
  const withExport = (use: (scene: Scene, json: ExportJson, text: string) => Promise<void>) =>
    withKeystore(async ({ keystore, carrier }) => {
      const agent = solanaKey();
      await keystore.createKey(agent);
      const text = await carrier.exportKey(agent.agentId, EXPORT);
      await withKeystore((scene) => use(scene, JSON.parse(text), text));
    });
  const into = (password = EXPORT) => ({ agentId: newAgentId(), name: 'x', password });
  const refused = async (scene: Scene, json: unknown, password?: string) => {
    const text = typeof json === 'string' ? json : JSON.stringify(json);
    const failure = await failureOf(() => scene.carrier.importKey(text, into(password)));
    // Nothing of it stays.
    expect(scene.keystore.keyCount).toBe(0);
    expect((await readdir(scene.directory)).filter((name) => name !== 'vault.json')).toEqual([]);
    return failure;
  };

  test('asks for the password it was exported under', () =>
    withExport(async (scene, json) => {
      expect(await refused(scene, json, OTHER_PASSWORD)).toMatchObject({ code: 'WRONG_PASSWORD' });
    }));

  test('happens once: neither the key nor the agent twice', () =>
    withExport(async ({ keystore, carrier }, _json, text) => {
      const first = into();
      await carrier.importKey(text, first);
      expect(await codeOf(() => carrier.importKey(text, into()))).toBe('KEY_EXISTS');
      expect(keystore.keyCount).toBe(1);
    }));

  test('believes the secret and not the address beside it', () =>
    withExport(async (scene, json) => {
      const publicKey = 'So11111111111111111111111111111111111111112';
      expect(await refused(scene, { ...json, publicKey })).toMatchObject({ code: 'CORRUPT' });
      const moved = { ...json, chain: 'ethereum', network: 'sepolia' };
      expect(await refused(scene, moved)).toMatchObject({ code: 'CORRUPT' });
    }));

  test('refuses what is not exactly as described, before a password is turned into a key', () =>
    withExport(async (scene, json) => {
      const { crypto } = json;
      for (const altered of [
        'no json',
        '[]',
        { ...json, more: 1 },
        { ...json, id: '' },
        { ...json, network: 'mainnet' },
        { ...json, crypto: { ...crypto, cipher: 'aes-256-cbc' } },
        { ...json, crypto: { ...crypto, kdf: 'scrypt' } },
        { ...json, crypto: { ...crypto, authTag: crypto.authTag.slice(0, 8) } },
        { ...json, crypto: { ...crypto, cipherparams: { iv: `${crypto.cipherparams.iv}00` } } },
        { ...json, crypto: { ...crypto, ciphertext: crypto.ciphertext.slice(2) } },
        { ...json, crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, memoryCost: 2 ** 40 } } },
        { ...json, crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, timeCost: 1000 } } },
        { ...json, crypto: { ...crypto, kdfparams: { ...crypto.kdfparams, hashLength: 16 } } },
      ]) {
        expect(await refused(scene, altered), JSON.stringify(altered)).toMatchObject({ code: 'CORRUPT' });
      }
      expect(await refused(scene, { ...json, version: 2 })).toMatchObject({ code: 'UNSUPPORTED_VERSION' });
      const flipped = crypto.ciphertext.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
      expect(await refused(scene, { ...json, crypto: { ...crypto, ciphertext: flipped } })).toMatchObject({
        code: 'WRONG_PASSWORD',
      });
    }));

  test('needs an unlocked keystore', () =>
    withExport(async ({ keystore, carrier }, _json, text) => {
      keystore.lock();
      expect(await codeOf(() => carrier.importKey(text, into()))).toBe('KEYSTORE_LOCKED');
    }));
});
