import type { SecretContext } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf, keystoreAt, PASSWORD, withDirectory, withKeystore } from '../test/support.ts';

const context: SecretContext = { kind: 'notification_channel', id: 'c-1', version: 3, payload: '{"enabled":true}' };

describe('a secret', () => {
  test('opens for exactly what it was encrypted for', () =>
    withKeystore(async ({ keystore: { secrets } }) => {
      const box = secrets.encrypt(context, 'https://example.com/알림');
      expect(secrets.decrypt({ ...context }, box)).toBe('https://example.com/알림');
      const others: SecretContext[] = [
        { ...context, kind: 'telegram_pairing' },
        { ...context, id: 'c-2' },
        { ...context, version: 2 },
        { ...context, payload: '{"enabled":false}' },
        { ...context, id: 'c-1","version":3', payload: '' },
      ];
      for (const other of others) expect(secrets.decrypt(other, box)).toBeNull();
    }));

  test('cannot be read where it lies, and is never written alike twice', () =>
    withKeystore(async ({ keystore: { secrets } }) => {
      const boxes = [secrets.encrypt(context, 'canary'), secrets.encrypt(context, 'canary')];
      expect(boxes[0]).not.toBe(boxes[1]);
      for (const box of boxes) {
        expect(box).not.toContain('canary');
        expect(box).not.toContain(Buffer.from('canary').toString('base64url'));
        expect(() => JSON.parse(box)).not.toThrow();
      }
    }));

  test('does not open once any part of it was changed', () =>
    withKeystore(async ({ keystore: { secrets } }) => {
      const box = secrets.encrypt(context, 'a secret');
      for (let at = 0; at < box.length; at += 1) {
        const other = box[at] === 'A' ? 'B' : 'A';
        const opened = secrets.decrypt(context, box.slice(0, at) + other + box.slice(at + 1));
        // The last digit of base64 has bits that carry nothing.
        expect([null, 'a secret']).toContain(opened);
      }
      for (const text of ['', '{}', 'null', '{"v":2}', box.slice(0, -1), `${box} `])
        expect(secrets.decrypt(context, text)).toBeNull();
    }));

  test('comes back whatever it is', () =>
    withKeystore(async ({ keystore: { secrets } }) => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (secret) => {
          expect(secrets.decrypt(context, secrets.encrypt(context, secret))).toBe(secret);
        }),
        { numRuns: 200 },
      );
    }));

  test('opens again after a restart, and not for another vault', () =>
    withDirectory(async (directory) => {
      const first = keystoreAt(directory);
      await first.keystore.initialise(PASSWORD);
      await first.keystore.unlock(PASSWORD);
      const box = first.keystore.secrets.encrypt(context, 'kept');
      first.keystore.lock();
      expect(await codeOf(() => first.keystore.secrets.decrypt(context, box))).toBe('KEYSTORE_LOCKED');
      expect(await codeOf(() => first.keystore.secrets.encrypt(context, 'more'))).toBe('KEYSTORE_LOCKED');
      const second = keystoreAt(directory);
      await second.keystore.unlock(PASSWORD);
      expect(second.keystore.secrets.decrypt(context, box)).toBe('kept');
      await withKeystore(async ({ keystore }) => expect(keystore.secrets.decrypt(context, box)).toBeNull());
    }));
});
