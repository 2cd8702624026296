import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryIntent } from '../test/arbitrary-intent.ts';
import { decodeIntent, encodeIntent, type Intent } from './intent.ts';

test('an intent is read back as it was written', () => {
  fc.assert(
    fc.property(arbitraryIntent, (intent) => {
      expect(decodeIntent(encodeIntent(intent))).toEqual(intent);
    }),
    { numRuns: 2_000 },
  );
});

test('an altered encoding is refused, or is the encoding of another intent: it never passes for the one it was', () => {
  fc.assert(
    fc.property(arbitraryIntent, fc.nat(), fc.integer({ min: 0x20, max: 0x7e }), (intent, position, code) => {
      const encoded = encodeIntent(intent);
      const at = position % encoded.length;
      const altered = encoded.slice(0, at) + String.fromCharCode(code) + encoded.slice(at + 1);
      const decoded = tryDecode(altered);
      if (decoded === null) return;
      expect(encodeIntent(decoded)).toBe(altered);
      if (altered !== encoded) expect(decoded).not.toEqual(intent);
    }),
    { numRuns: 10_000 },
  );
});

test('text that is no intent is refused by a TypeError and by nothing else', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(() => decodeIntent(text)).toThrow(TypeError);
    }),
  );
});

function tryDecode(text: string): Intent | null {
  try {
    return decodeIntent(text);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return null;
  }
}
