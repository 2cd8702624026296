import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isActive } from './session-active.ts';

const second = fc.integer({ min: 0, max: 2 ** 40 });

test('a session is active only before its expiry and only while not revoked', () => {
  fc.assert(
    fc.property(second, second, fc.option(second), (expiresAt, now, revokedAt) => {
      expect(isActive({ expiresAt, revokedAt }, now)).toBe(revokedAt === null && now < expiresAt);
    }),
  );
});

test('a revoked session is over whatever time the revocation carries', () => {
  fc.assert(
    fc.property(second, second, second, (expiresAt, now, revokedAt) => !isActive({ expiresAt, revokedAt }, now)),
  );
});

test('once over, over for good', () => {
  fc.assert(
    fc.property(second, second, fc.option(second), fc.nat(), (expiresAt, now, revokedAt, later) => {
      const session = { expiresAt, revokedAt };
      if (!isActive(session, now)) expect(isActive(session, now + later)).toBe(false);
    }),
  );
});

test('the boundary belongs to "over"', () => {
  fc.assert(
    fc.property(second, (expiresAt) => {
      expect(isActive({ expiresAt, revokedAt: null }, expiresAt - 1)).toBe(true);
      expect(isActive({ expiresAt, revokedAt: null }, expiresAt)).toBe(false);
    }),
  );
});

test.each([0, -1, Number.NaN])('an expiry of %d never means "never"', (expiresAt) => {
  expect(isActive({ expiresAt, revokedAt: null }, 1)).toBe(false);
});
