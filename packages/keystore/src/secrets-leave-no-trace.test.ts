import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type AgentId, WaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { derivedKey, masterKeyOf, secretOf } from '../test/independent-reader.ts';
import {
  ethereumKey,
  failureOf,
  OTHER_PASSWORD,
  PASSWORD,
  type Scene,
  solanaKey,
  withKeystore,
} from '../test/support.ts';
import { encodeBase58 } from './base58.ts';
import * as entry from './index.ts';

/** Every way a secret could be written down. */
function spellings(secret: Buffer): string[] {
  return [
    secret.toString('hex'),
    secret.toString('base64').replace(/=+$/, ''),
    secret.toString('base64url'),
    encodeBase58(secret),
    secret.toString('latin1'),
    [...secret].join(','),
    [...secret].join(', '),
    [...secret].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    BigInt(`0x${secret.toString('hex')}`).toString(),
  ];
}

async function secretsOf(scene: Scene, agents: readonly AgentId[], password = PASSWORD): Promise<Buffer[]> {
  const master = await masterKeyOf(scene.directory, password);
  const secrets = await Promise.all(agents.map((agentId) => secretOf(scene.directory, master, agentId)));
  return [master, derivedKey(master, 'waiaas/row-seal/v1'), ...secrets];
}

/** All that can be seen of a value: properties, prototypes, getters, hidden ones. */
const everythingOf = (value: unknown): string =>
  [
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxArrayLength: null }),
    inspect(value, { depth: Number.POSITIVE_INFINITY, showProxy: true, maxStringLength: null }),
    JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? '',
    value instanceof Error ? `${value.stack} ${everythingOf(value.cause)}` : '',
    value instanceof WaiaasError ? JSON.stringify(value.toBody('r')) : '',
  ].join('\n');

describe('the entry of the package', () => {
  test('exports this and nothing else', async () => {
    expect(Object.keys(entry).sort()).toEqual(['KeystoreError', 'createKeystore', 'passwordProblem']);
    const { exports } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'));
    expect(Object.keys(exports)).toEqual(['.']);
  });

  test('the parts have these members and no other, own or inherited', () =>
    withKeystore(async ({ keystore, permits, gate, carrier }) => {
      const surfaces: readonly [object, readonly string[]][] = [
        [
          keystore,
          [
            'archiveKey',
            'changePassword',
            'checkFiles',
            'createKey',
            'discardKey',
            'initialise',
            'isInitialised',
            'isUnlocked',
            'keyCount',
            'listKeyFiles',
            'lock',
            'publicKey',
            'restoreKey',
            'sealer',
            'secrets',
            'sign',
            'unlock',
            'verifyPassword',
            'withSeals',
          ],
        ],
        [keystore.sealer, ['seal', 'verify']],
        [permits, ['mint', 'revoke']],
        [gate, ['close', 'epoch', 'isOpen', 'open']],
        [carrier, ['exportKey', 'importKey']],
      ];
      for (const [part, members] of surfaces) {
        expect(Reflect.ownKeys(part).map(String).sort()).toEqual(members);
        expect(Object.getPrototypeOf(part)).toBe(Object.prototype);
      }
    }));

  test('nothing but `sign` with a permit gives a signature, and nothing gives key bytes', () =>
    withKeystore(async (scene) => {
      const agent = solanaKey();
      await scene.keystore.createKey(agent);
      const secrets = await secretsOf(scene, [agent.agentId]);
      const message = Buffer.from('a message nobody was permitted to sign');
      const publicKey = createPublicKey({ key: spki(scene, secrets), format: 'der', type: 'spki' });
      const { sealer } = scene.keystore;
      const content = { kind: 'policy', id: agent.agentId, version: 1, payload: message.toString() };
      const argumentLists: readonly unknown[][] = [
        [],
        [agent.agentId],
        [agent.agentId, message],
        [{ agentId: agent.agentId, intentHash: 'h' }, message],
        [content],
        [content, sealer.seal({ kind: 'policy', id: 'x', version: 1, payload: 'x' })],
        [message],
        [PASSWORD],
        [PASSWORD, OTHER_PASSWORD],
      ];
      const functions: readonly [object, string][] = [
        [scene.keystore, 'publicKey'],
        [scene.keystore, 'listKeyFiles'],
        [scene.keystore, 'checkFiles'],
        [scene.keystore, 'isInitialised'],
        [scene.keystore, 'verifyPassword'],
        [scene.keystore, 'withSeals'],
        [scene.keystore, 'unlock'],
        [scene.keystore, 'initialise'],
        [scene.keystore, 'createKey'],
        [scene.keystore, 'sign'],
        [scene.keystore, 'changePassword'],
        [sealer, 'seal'],
        [sealer, 'verify'],
        [scene.permits, 'mint'],
        [scene.permits, 'revoke'],
        [entry, 'createKeystore'],
        [entry, 'passwordProblem'],
        [entry, 'KeystoreError'],
        [scene.keystore, 'archiveKey'],
        [scene.keystore, 'restoreKey'],
        [scene.keystore, 'discardKey'],
        [scene.keystore, 'lock'],
      ];
      for (const [owner, name] of functions) {
        for (const list of argumentLists) {
          const call = async (): Promise<unknown> => Reflect.apply(Reflect.get(owner, name), owner, list);
          const result = await call().catch((error: unknown) => error);
          const seen = everythingOf(result);
          for (const secret of secrets) for (const spelling of spellings(secret)) expect(seen).not.toContain(spelling);
          for (const bytes of bytesIn(result)) {
            for (let start = 0; start + 64 <= bytes.length; start += 1) {
              expect(verify(null, message, publicKey, bytes.subarray(start, start + 64))).toBe(false);
            }
          }
        }
      }
    }));
});

/** The public key of the scene's agent, in the form Node reads. */
function spki({ keystore }: Scene, secrets: readonly Buffer[]): Buffer {
  expect(keystore.keyCount).toBe(1);
  const seed = secrets.at(-1) ?? Buffer.alloc(0);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
  return key.export({ format: 'der', type: 'spki' });
}

/** Bytes in a result: arrays of bytes, and text that could be an encoding of some. */
function bytesIn(value: unknown): Buffer[] {
  if (value instanceof Uint8Array) return [Buffer.from(value)];
  if (typeof value === 'string') return [Buffer.from(value, 'hex'), Buffer.from(value, 'base64'), Buffer.from(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Reflect.ownKeys(value).flatMap((key) => bytesIn(Reflect.get(value, key)));
}

test('a full life leaves no secret in logs, errors, objects or files', () =>
  withKeystore(async (scene) => {
    const { keystore, permits, gate, directory, logger } = scene;
    const agents = [solanaKey(), ethereumKey()];
    const seen: unknown[] = [scene, entry];
    for (const agent of agents) seen.push(await keystore.createKey(agent));
    const ids = agents.map(({ agentId }) => agentId);
    const secrets = await secretsOf(scene, ids);

    for (const agentId of ids) {
      const permit = permits.mint({ agentId, intentHash: 'h', epoch: gate.epoch });
      seen.push(permit, keystore.publicKey(agentId), keystore.sign(permit, new Uint8Array(32)));
      seen.push(await failureOf(() => keystore.sign(permit, new Uint8Array(32))));
    }
    const [first = ids[0], second = ids[1]] = ids;
    if (first === undefined || second === undefined) throw new Error('no agents');
    seen.push(
      await failureOf(() =>
        keystore.sign(permits.mint({ agentId: second, intentHash: 'h', epoch: gate.epoch }), new Uint8Array(3)),
      ),
      await failureOf(() => keystore.unlock(PASSWORD)),
      await failureOf(() => keystore.initialise(PASSWORD)),
      await failureOf(() => keystore.changePassword(OTHER_PASSWORD, OTHER_PASSWORD)),
      await failureOf(() => keystore.changePassword(PASSWORD, 'short')),
      keystore.sealer.seal({ kind: 'owner', id: 'o', version: 1, payload: 'p' }),
      await keystore.listKeyFiles(),
    );
    await keystore.changePassword(PASSWORD, OTHER_PASSWORD);
    gate.close();
    seen.push(
      await failureOf(() => permits.mint({ agentId: first, intentHash: 'h', epoch: gate.epoch })),
      keystore,
      permits,
      gate,
    );
    keystore.lock();
    seen.push(await failureOf(() => keystore.lock()), await failureOf(() => keystore.unlock(PASSWORD)));
    const path = join(directory, `${first}.json`);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/"tag": "../, '"tag": "zz'));
    seen.push(await failureOf(() => keystore.unlock(OTHER_PASSWORD)));
    await writeFile(path, `${text.slice(0, -20)}`);
    seen.push(await failureOf(() => keystore.unlock(OTHER_PASSWORD)));
    await writeFile(path, text);
    await keystore.unlock(OTHER_PASSWORD);
    await keystore.discardKey(first);

    const outputs = seen.map(everythingOf).concat(everythingOf(logger.lines));
    for (const file of await readdir(directory, { recursive: true, withFileTypes: true })) {
      if (file.isFile()) outputs.push(await readFile(join(file.parentPath, file.name), 'latin1'));
    }
    const output = outputs.join('\n');
    const forbidden = [PASSWORD, OTHER_PASSWORD, ...secrets.flatMap(spellings)];
    for (const secret of forbidden) expect(output.includes(secret)).toBe(false);
    // The search would find something: public keys are there.
    expect(output).toContain(JSON.parse(text).publicKey);
    keystore.lock();
  }));
