import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentId } from '@waiaas/core';
import argon2 from 'argon2';

/**
 * Opens vault and key files with nothing but the documented format and Node: it checks that the format is what the
 * README says, and gives the tests the secrets whose traces they look for.
 */

const AES = 'aes-256-gcm';
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

/** Canonical JSON of a flat object. */
const canonical = (fields: Record<string, string | number>): string =>
  JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));

interface Box {
  iv: string;
  ciphertext: string;
  tag: string;
}

function open(key: Buffer, box: Box, bound: string): Buffer {
  const decipher = createDecipheriv(AES, key, bytes(box.iv), { authTagLength: 16 });
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(bytes(box.tag));
  return Buffer.concat([decipher.update(bytes(box.ciphertext)), decipher.final()]);
}

export async function masterKeyOf(directory: string, password: string): Promise<Buffer> {
  const vault = JSON.parse(await readFile(join(directory, 'vault.json'), 'utf8'));
  const { salt, memoryCost, timeCost, parallelism, hashLength } = vault.crypto.kdfparams;
  const key = await argon2.hash(password, {
    type: argon2.argon2id,
    salt: bytes(salt),
    memoryCost,
    timeCost,
    parallelism,
    hashLength,
    raw: true,
  });
  const context = canonical({ version: vault.version, wrapper: vault.wrapper, createdAt: vault.createdAt });
  const { cipher, kdf } = vault.crypto;
  const bound = canonical({ context, cipher, kdf, salt, memoryCost, timeCost, parallelism, hashLength });
  return open(key, vault.crypto, bound);
}

export const derivedKey = (masterKey: Buffer, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), purpose, 32));

const fileKey = (masterKey: Buffer, agentId: AgentId): Buffer =>
  derivedKey(masterKey, `waiaas/agent-key/v1/${agentId}`);

const boundHeader = (file: Record<string, string | number>): string => {
  const { version = 0, agentId = '', chain = '', network = '', publicKey = '' } = file;
  return canonical({ version, agentId, chain, network, publicKey });
};

export async function secretOf(directory: string, masterKey: Buffer, agentId: AgentId): Promise<Buffer> {
  const file = JSON.parse(await readFile(join(directory, `${agentId}.json`), 'utf8'));
  return open(fileKey(masterKey, agentId), file.crypto, boundHeader(file));
}

/** Writes a key file that is correctly encrypted but says and holds what the test wants. */
export async function forgeKeyFile(
  directory: string,
  masterKey: Buffer,
  agentId: AgentId,
  change: { publicKey?: string; secret?: Buffer },
): Promise<void> {
  const path = join(directory, `${agentId}.json`);
  const file = JSON.parse(await readFile(path, 'utf8'));
  const secret = change.secret ?? (await secretOf(directory, masterKey, agentId));
  file.publicKey = change.publicKey ?? file.publicKey;
  const cipher = createCipheriv(AES, fileKey(masterKey, agentId), bytes(file.crypto.iv), { authTagLength: 16 });
  cipher.setAAD(Buffer.from(boundHeader(file)));
  file.crypto.ciphertext = Buffer.concat([cipher.update(secret), cipher.final()]).toString('hex');
  file.crypto.tag = cipher.getAuthTag().toString('hex');
  await writeFile(path, JSON.stringify(file));
}
