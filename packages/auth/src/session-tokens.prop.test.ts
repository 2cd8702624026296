import { createIdGenerator, agentId as toAgentId, sessionId as toSessionId } from '@waiaas/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSessionTokens } from './session-tokens.ts';

const NOW = 1_800_000_000;
const clock = { now: () => NOW * 1000 };
const tokens = createSessionTokens({ secret: 'property-secret-property-secret-0', clock });

const uuid = fc
  .tuple(fc.nat({ max: 2 ** 40 }), fc.uint8Array({ minLength: 10, maxLength: 10 }))
  .map(([now, bytes]) => createIdGenerator({ now: () => now }, () => bytes).next());
const claims = fc.record({
  sessionId: uuid.map(toSessionId),
  agentId: uuid.map(toAgentId),
  issuedAt: fc.integer({ min: 0, max: NOW }),
  expiresAt: fc.integer({ min: NOW + 1, max: NOW + 604_800 }),
});

test('what was issued is read back', () => {
  fc.assert(
    fc.property(claims, (issued) => {
      const { sessionId, agentId, expiresAt } = issued;
      expect(tokens.verify(tokens.issue(issued))).toEqual({ sessionId, agentId, expiresAt, renewBy: null });
    }),
  );
});

test('every change of a single byte is refused', () => {
  fc.assert(
    fc.property(claims, fc.nat(), fc.integer({ min: 1, max: 255 }), (issued, place, change) => {
      const bytes = Buffer.from(tokens.issue(issued), 'latin1');
      const index = place % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ change;
      expect(() => tokens.verify(bytes.toString('latin1'))).toThrow();
      expect(() => tokens.verify(bytes.toString('utf8'))).toThrow();
    }),
    { numRuns: 3000 },
  );
});

test('every byte of one token, changed to every other printable character, is refused', () => {
  const token = tokens.issue({
    sessionId: toSessionId('01936d3a-7f00-7abc-8def-0123456789ab'),
    agentId: toAgentId('01936d3a-7f00-7001-9abc-fedcba987654'),
    issuedAt: NOW,
    expiresAt: NOW + 300,
  });
  let accepted = 0;
  for (let index = 0; index < token.length; index += 1) {
    for (let code = 0x20; code < 0x7f; code += 1) {
      if (token.charCodeAt(index) === code) continue;
      try {
        tokens.verify(token.slice(0, index) + String.fromCharCode(code) + token.slice(index + 1));
        accepted += 1;
      } catch (error) {
        expect(error).toHaveProperty('code', 'INVALID_TOKEN');
      }
    }
  }
  expect(accepted).toBe(0);
});

test('every cut, doubling, insertion and removal is refused', () => {
  fc.assert(
    fc.property(claims, fc.nat(), fc.string({ minLength: 1, maxLength: 5, unit: 'binary' }), (issued, place, text) => {
      const token = tokens.issue(issued);
      const index = place % token.length;
      for (const changed of [
        token.slice(0, index),
        token.slice(index + 1),
        token.slice(0, index) + token.slice(index + 1),
        token.slice(0, index) + text + token.slice(index),
        token + token.slice(index),
        token + text,
      ]) {
        expect(() => tokens.verify(changed)).toThrow();
      }
    }),
  );
});

test('any other text is refused as INVALID_TOKEN and nothing else', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'binary' }).map((text) => `wai_sess_${text}`),
    fc
      .tuple(fc.base64String(), fc.base64String())
      .map(([a, b]) => `wai_sess_eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${a}.${b}`),
  );
  fc.assert(
    fc.property(anything, (text) => {
      try {
        tokens.verify(text);
      } catch (error) {
        expect(error).toHaveProperty('code', 'INVALID_TOKEN');
        return;
      }
      expect.unreachable();
    }),
  );
});
