import { createHmac } from 'node:crypto';
import { type RowSealer, SEALED_KINDS, type SealedContent } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivedKey, masterKeyOf } from '../test/independent-reader.ts';
import { codeOf, keystoreAt, OTHER_PASSWORD, PASSWORD, withKeystore } from '../test/support.ts';

const content: SealedContent = { kind: 'policy', id: 'p-1', version: 3, payload: '{"max":"10"}' };

describe('a seal', () => {
  test('belongs to exactly what was sealed', () =>
    withKeystore(async ({ keystore: { sealer } }) => {
      const seal = sealer.seal(content);
      expect(sealer.verify(content, seal)).toBe(true);
      expect(sealer.verify({ ...content }, seal)).toBe(true);
      const changed: SealedContent[] = [
        ...SEALED_KINDS.filter((kind) => kind !== content.kind).map((kind) => ({ ...content, kind })),
        { ...content, id: 'p-2' },
        { ...content, id: '' },
        { ...content, version: 2 },
        { ...content, version: 4 },
        { ...content, payload: '{"max":"11"}' },
        { ...content, payload: `${content.payload} ` },
        { ...content, id: 'p-1","version":3', payload: '' },
      ];
      for (const other of changed) expect(sealer.verify(other, seal)).toBe(false);
    }));

  test('property: no other content has the same seal, whatever the fields hold', () =>
    withKeystore(async ({ keystore: { sealer } }) => {
      const any: fc.Arbitrary<SealedContent> = fc.record({
        kind: fc.constantFrom(...SEALED_KINDS),
        id: fc.string({ unit: 'binary', maxLength: 6 }),
        version: fc.integer({ min: 0, max: 3 }),
        payload: fc.string({ unit: 'binary', maxLength: 6 }),
      });
      fc.assert(
        fc.property(any, any, (a, b) => {
          const same = a.kind === b.kind && a.id === b.id && a.version === b.version && a.payload === b.payload;
          expect(sealer.verify(b, sealer.seal(a))).toBe(same);
        }),
        { numRuns: 2000 },
      );
    }));

  test('any flipped bit and any other spelling fails', () =>
    withKeystore(async ({ keystore: { sealer } }) => {
      const seal = sealer.seal(content);
      const mac = Buffer.from(seal, 'base64url');
      expect(mac).toHaveLength(32);
      for (let bit = 0; bit < 256; bit += 1) {
        const altered = Buffer.from(mac);
        altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        expect(sealer.verify(content, altered.toString('base64url'))).toBe(false);
      }
      // 43 digits carry 258 bits: the last two of them must not be free.
      const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const verified = [...digits].filter((digit) => sealer.verify(content, seal.slice(0, -1) + digit));
      expect(verified).toEqual([seal.at(-1)]);
      for (const malformed of [
        '',
        ' ',
        seal.slice(1),
        `${seal}A`,
        `${seal}=`,
        ` ${seal}`,
        mac.toString('base64'),
        mac.toString('hex'),
        '🔑'.repeat(43),
      ]) {
        expect(sealer.verify(content, malformed)).toBe(malformed === seal);
      }
    }));

  test('what is not a seal at all, or no content, is false and no error', () =>
    withKeystore(async ({ keystore: { sealer } }) => {
      const seal = sealer.seal(content);
      for (const bad of [null, undefined, 1, {}, [seal], Buffer.from(seal)]) {
        expect(Reflect.apply(sealer.verify, sealer, [content, bad])).toBe(false);
      }
      for (const version of [Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** 53]) {
        expect(sealer.verify({ ...content, version }, seal)).toBe(false);
        expect(() => sealer.seal({ ...content, version })).toThrow(TypeError);
      }
    }));

  test('lasts through restart and password change, and another vault does not know it', () =>
    withKeystore(async ({ keystore, directory }) => {
      const seal = keystore.sealer.seal(content);
      await keystore.changePassword(PASSWORD, OTHER_PASSWORD);
      keystore.lock();
      const restarted = keystoreAt(directory).keystore;
      await restarted.unlock(OTHER_PASSWORD);
      expect(restarted.sealer.verify(content, seal)).toBe(true);
      await withKeystore(async (other) => expect(other.keystore.sealer.verify(content, seal)).toBe(false));
    }));

  test('is made by a key that only the master key gives', () =>
    withKeystore(async ({ keystore, directory }) => {
      const key = derivedKey(await masterKeyOf(directory, PASSWORD), 'waiaas/row-seal/v1');
      const { kind, id, version, payload } = content;
      const encoded = JSON.stringify({ id, kind, payload, version });
      // HMAC-SHA-512/256 of libsodium is HMAC-SHA-512, cut in half.
      const expected = createHmac('sha512', key).update(encoded).digest().subarray(0, 32).toString('base64url');
      expect(keystore.sealer.seal(content)).toBe(expected);
    }));

  test('outlives the lock, so that what is under way can be settled, but not the process', () =>
    withKeystore(async ({ keystore, directory }) => {
      const { sealer }: { sealer: RowSealer } = keystore;
      const seal = sealer.seal(content);
      keystore.lock();
      expect(sealer.verify(content, seal)).toBe(true);
      expect(sealer.verify({ ...content, version: 4 }, seal)).toBe(false);
      expect(sealer.seal(content)).toBe(seal);
      await keystore.unlock(PASSWORD);
      expect(sealer.seal(content)).toBe(seal);

      const restarted = keystoreAt(directory).keystore;
      const refusesEverything = async (): Promise<void> => {
        expect(await codeOf(() => restarted.sealer.seal(content))).toBe('KEYSTORE_LOCKED');
        expect(await codeOf(() => restarted.sealer.verify(content, seal))).toBe('KEYSTORE_LOCKED');
        expect(await codeOf(() => restarted.sealer.verify(content, 'malformed'))).toBe('KEYSTORE_LOCKED');
      };
      await refusesEverything();
      expect(await codeOf(() => restarted.unlock(OTHER_PASSWORD))).toBe('WRONG_PASSWORD');
      await refusesEverything();
    }));

  test('can be checked with the password alone, locked or not, and without any key', () =>
    withKeystore(async ({ keystore, directory }) => {
      const seal = keystore.sealer.seal(content);
      const other = keystoreAt(directory).keystore;
      let kept: RowSealer | undefined;
      const verified = await other.withSeals(PASSWORD, async (sealer) => {
        kept = sealer;
        return sealer.verify(content, seal);
      });
      expect([verified, other.isUnlocked, other.keyCount]).toEqual([true, false, 0]);
      // What is kept of it is worth nothing.
      expect(() => kept?.seal(content)).toThrow();
      expect(await codeOf(() => other.withSeals(OTHER_PASSWORD, async () => 'opened'))).toBe('WRONG_PASSWORD');
      await expect(keystore.withSeals(PASSWORD, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      expect(await keystore.withSeals(PASSWORD, async (sealer) => sealer.verify(content, seal))).toBe(true);
    }));
});
