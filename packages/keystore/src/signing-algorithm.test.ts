import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, test } from 'vitest';
import { recordingLogger } from '../test/support.ts';
import { encodeBase58 } from './base58.ts';
import { eip55Address } from './eip55.ts';
import { createGuardedMemory } from './guarded-memory.ts';
import { createKeySlots } from './key-slots.ts';
import { algorithmOf } from './signing-algorithm.ts';

interface Vectors {
  readonly ed25519: {
    vectors: { name: string; secret: string; publicKey: string; message: string; signature: string }[];
  };
  readonly secp256k1: {
    vectors: { name: string; secret: string; address: string; digest: string; signature: string }[];
  };
  readonly eip55: { vectors: string[] };
  readonly base58: { vectors: { hex: string; text: string }[] };
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('./signing.vectors.json', import.meta.url), 'utf8'));
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const newSlot = () => createKeySlots(createGuardedMemory(recordingLogger())).take();
const HALF_ORDER = secp256k1.Point.CURVE().n >> 1n;

describe('Ed25519', () => {
  test.each(vectors.ed25519.vectors)('signs $name of RFC 8032 from read-only memory', (vector) => {
    const slot = newSlot();
    const address = slot.write((bytes) => algorithmOf('solana').install(bytes, hex(vector.secret)));
    expect(address).toBe(encodeBase58(hex(vector.publicKey)));
    const signature = algorithmOf('solana').sign(slot.bytes, hex(vector.message));
    expect(Buffer.from(signature).toString('hex')).toBe(vector.signature);
  });

  test('a generated key signs what Node verifies', () => {
    const slot = newSlot();
    slot.write((bytes) => algorithmOf('solana').generate(bytes));
    // The second half of a libsodium secret key is the public key.
    const spki = Buffer.concat([hex('302a300506032b6570032100'), slot.bytes.subarray(32)]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const message = Buffer.from('any length of message');
    expect(verify(null, message, publicKey, algorithmOf('solana').sign(slot.bytes, message))).toBe(true);
  });

  test('a signature owns its memory and no more', () => {
    const slot = newSlot();
    slot.write((bytes) => algorithmOf('solana').generate(bytes));
    const signature = algorithmOf('solana').sign(slot.bytes, Buffer.from('x'));
    expect(signature.buffer.byteLength).toBe(64);
    expect(Object.getPrototypeOf(signature)).toBe(Uint8Array.prototype);
  });
});

describe('secp256k1', () => {
  test.each(vectors.secp256k1.vectors)('signs $name', (vector) => {
    const slot = newSlot();
    expect(slot.write((bytes) => algorithmOf('ethereum').install(bytes, hex(vector.secret)))).toBe(vector.address);
    const signature = Buffer.from(algorithmOf('ethereum').sign(slot.bytes, hex(vector.digest))).toString('hex');
    expect(signature).toHaveLength(130);
    expect(signature.slice(0, vector.signature.length)).toBe(vector.signature);
  });

  test('signatures have low s, a recovery bit of 0 or 1 at the end, and recover to the address', () => {
    const slot = newSlot();
    const address = slot.write((bytes) => algorithmOf('ethereum').generate(bytes));
    const recoveryBits = new Set<number>();
    for (let round = 0; round < 64; round += 1) {
      const digest = Buffer.alloc(32, round);
      const signature = algorithmOf('ethereum').sign(slot.bytes, digest);
      const recovery = signature[64] ?? -1;
      recoveryBits.add(recovery);
      expect(BigInt(`0x${Buffer.from(signature.subarray(32, 64)).toString('hex')}`) <= HALF_ORDER).toBe(true);
      const recovered = secp256k1.Signature.fromBytes(signature.subarray(0, 64))
        .addRecoveryBit(recovery)
        .recoverPublicKey(digest);
      const ordinary = slot.bytes.subarray(0, 32);
      expect(recovered.toHex()).toBe(Buffer.from(secp256k1.getPublicKey(ordinary)).toString('hex'));
    }
    expect([...recoveryBits].sort()).toEqual([0, 1]);
    expect(address).toMatch(/^0x[0-9a-fA-F]{40}$/);
  });

  test.each([0, 31, 33, 64])('a message of %i bytes is no digest', (length) => {
    const slot = newSlot();
    slot.write((bytes) => algorithmOf('ethereum').generate(bytes));
    expect(() => algorithmOf('ethereum').sign(slot.bytes, Buffer.alloc(length))).toThrow(RangeError);
  });

  test.each(['00'.repeat(32), 'ff'.repeat(32)])('%s is no secret', (secret) => {
    expect(newSlot().write((bytes) => algorithmOf('ethereum').install(bytes, hex(secret)))).toBeNull();
  });
});

describe('addresses', () => {
  test.each(vectors.eip55.vectors)('%s carries its checksum', (address) => {
    expect(eip55Address(hex(address.slice(2).toLowerCase()))).toBe(address);
  });

  test.each(vectors.base58.vectors)('base58 of "$hex"', (vector) => {
    expect(encodeBase58(hex(vector.hex))).toBe(vector.text);
  });
});
