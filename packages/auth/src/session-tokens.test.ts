import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { agentId, isWaiaasError, sessionId } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { createSessionTokens } from './session-tokens.ts';

interface Vectors {
  readonly secret: string;
  readonly now: number;
  readonly accepted: readonly {
    readonly name: string;
    readonly token: string;
    readonly sessionId: string;
    readonly agentId: string;
    readonly issuedAt: number;
    readonly expiresAt: number;
    readonly sha256: string;
  }[];
  readonly refused: readonly {
    readonly name: string;
    readonly token: string;
    readonly code: string;
    readonly reason?: string;
  }[];
}

const vectors: Vectors = JSON.parse(readFileSync(new URL('./session-tokens.vectors.json', import.meta.url), 'utf8'));
const at = (seconds: number) => ({ now: () => seconds * 1000 });
const tokens = createSessionTokens({ secret: vectors.secret, clock: at(vectors.now) });

const verdict = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    if (isWaiaasError(error)) return { code: error.code, status: error.status, details: error.details };
    throw error;
  }
  return 'accepted';
};

describe('a genuine token', () => {
  test.each(vectors.accepted)('$name: is verified, and is what issue writes', (vector) => {
    expect(tokens.verify(vector.token)).toEqual({
      sessionId: vector.sessionId,
      agentId: vector.agentId,
      expiresAt: vector.expiresAt,
      renewBy: null,
    });
    expect(
      tokens.issue({
        sessionId: sessionId(vector.sessionId),
        agentId: agentId(vector.agentId),
        issuedAt: vector.issuedAt,
        expiresAt: vector.expiresAt,
      }),
    ).toBe(vector.token);
  });

  test.each(vectors.accepted)('$name: is stored as the SHA-256 of the whole text, prefix included', (vector) => {
    expect(tokens.hash(vector.token)).toBe(vector.sha256);
    expect(vector.sha256).toBe(createHash('sha256').update(vector.token).digest('hex'));
  });
});

test.each(vectors.refused)('refused: $name', ({ token, code, reason }) => {
  expect(verdict(() => tokens.verify(token))).toEqual({
    code,
    status: 401,
    details: reason === undefined ? undefined : { reason },
  });
});

describe('time', () => {
  const [first] = vectors.accepted;
  if (first === undefined) throw new Error('There is no accepted vector');

  test.each([
    ['exp - 1 s', first.expiresAt * 1000 - 1000, 'accepted'],
    ['exp - 1 ms', first.expiresAt * 1000 - 1, 'accepted'],
    ['exp', first.expiresAt * 1000, { code: 'TOKEN_EXPIRED', status: 401, details: undefined }],
    ['exp + 1 s', first.expiresAt * 1000 + 1000, { code: 'TOKEN_EXPIRED', status: 401, details: undefined }],
  ])('there is no leeway: %s', (_name, now, expected) => {
    const then = createSessionTokens({ secret: vectors.secret, clock: { now: () => now } });
    expect(verdict(() => then.verify(first.token))).toEqual(expected);
  });

  test.each([
    ['equal', 10, 10],
    ['backwards', 11, 10],
    ['a fraction', 1.5, 10],
    ['not a number', Number.NaN, 10],
    ['milliseconds beyond any second', 1, 2 ** 53],
    ['negative', -1, 10],
  ])('a token is not issued with times that are %s', (_name, issuedAt, expiresAt) => {
    const claims = { sessionId: sessionId(first.sessionId), agentId: agentId(first.agentId), issuedAt, expiresAt };
    expect(() => tokens.issue(claims)).toThrow(RangeError);
  });
});

describe('the secret', () => {
  test.each(['', 'x', 'x'.repeat(31)])('of %j is too short to start with', (secret) => {
    expect(() => createSessionTokens({ secret, clock: at(0) })).toThrow(RangeError);
  });

  test('is not told in the refusal', () => {
    const secret = 'canary-secret-of-30-characters';
    expect(() => createSessionTokens({ secret, clock: at(0) })).toThrow(/^(?!.*canary)/);
  });

  test('of 32 characters will do', () => {
    expect(() => createSessionTokens({ secret: 'x'.repeat(32), clock: at(0) })).not.toThrow();
  });
});

describe('a rotation of the secret', () => {
  const [old, current, later] = ['o', 'c', 'l'].map((letter) => letter.repeat(32));
  const clock = {
    seconds: vectors.now,
    now() {
      return this.seconds * 1000;
    },
  };
  const claims = {
    sessionId: sessionId('01936d3a-7f00-7abc-8def-0123456789ab'),
    agentId: agentId('01936d3a-7f00-7001-9abc-fedcba987654'),
    issuedAt: vectors.now,
    expiresAt: vectors.now + 604_800,
  };
  const code = (run: () => unknown) => JSON.stringify(verdict(run));

  test('keeps old tokens alive for their five minutes and not a second longer, remembered or not', () => {
    clock.seconds = vectors.now;
    const rotating = createSessionTokens({ secret: old ?? '', clock });
    const [seen, unseen] = [rotating.issue(claims), rotating.issue({ ...claims, expiresAt: claims.expiresAt - 1 })];
    rotating.verify(seen);
    rotating.useSecrets({
      current: current ?? '',
      previous: { secret: old ?? '', validFrom: vectors.now, validUntil: vectors.now + 300 },
    });
    const fresh = rotating.issue(claims);
    expect(fresh).not.toBe(seen);
    for (const [seconds, alive] of [
      [0, true],
      [299, true],
      [300, false],
      [301, false],
    ] as const) {
      clock.seconds = vectors.now + seconds;
      for (const token of [seen, unseen]) {
        expect(code(() => rotating.verify(token)).includes('signature')).toBe(!alive);
      }
      expect(rotating.verify(fresh).sessionId).toBe(claims.sessionId);
    }
  });

  test('tells by when a session has to be renewed: for a token of the old secret, remembered or not', () => {
    clock.seconds = vectors.now;
    const rotating = createSessionTokens({ secret: old ?? '', clock });
    const token = rotating.issue(claims);
    expect(rotating.verify(token).renewBy).toBeNull();
    const previous = { secret: old ?? '', validFrom: vectors.now, validUntil: vectors.now + 300 };
    rotating.useSecrets({ current: current ?? '', previous });
    expect([rotating.verify(token).renewBy, rotating.verify(token).renewBy]).toEqual([
      previous.validUntil,
      previous.validUntil,
    ]);
    expect(rotating.verify(rotating.issue(claims)).renewBy).toBeNull();
  });

  test('a clock that is set back makes no five minutes longer: before the rotation the old secret counts for nothing', () => {
    clock.seconds = vectors.now;
    const rotating = createSessionTokens({ secret: old ?? '', clock });
    const token = rotating.issue({ ...claims, issuedAt: vectors.now - 100_000 });
    const previous = { secret: old ?? '', validFrom: vectors.now, validUntil: vectors.now + 300 };
    rotating.useSecrets({ current: current ?? '', previous });
    for (const back of [1, 86_400]) {
      clock.seconds = vectors.now - back;
      expect(code(() => rotating.verify(token))).toContain('signature');
    }
    clock.seconds = vectors.now;
    expect(rotating.verify(token).sessionId).toBe(claims.sessionId);
  });

  test('a secret that was rotated away twice counts for nothing', () => {
    clock.seconds = vectors.now;
    const rotating = createSessionTokens({ secret: old ?? '', clock });
    const token = rotating.issue(claims);
    rotating.verify(token);
    rotating.useSecrets({
      current: current ?? '',
      previous: { secret: old ?? '', validFrom: vectors.now, validUntil: vectors.now + 300 },
    });
    rotating.useSecrets({
      current: later ?? '',
      previous: { secret: current ?? '', validFrom: vectors.now, validUntil: vectors.now + 300 },
    });
    expect(code(() => rotating.verify(token))).toContain('signature');
  });

  test('a short secret is refused and the present one stays', () => {
    const rotating = createSessionTokens({ secret: old ?? '', clock });
    expect(() => rotating.useSecrets({ current: 'short', previous: null })).toThrow(RangeError);
    expect(rotating.issue(claims)).toBe(createSessionTokens({ secret: old ?? '', clock }).issue(claims));
  });
});

test('no refusal repeats the token', () => {
  for (const { token } of vectors.refused.filter((vector) => vector.token.length > 20)) {
    try {
      tokens.verify(token);
    } catch (error) {
      const told = isWaiaasError(error) ? JSON.stringify([error.toBody('r'), error.stack]) : String(error);
      expect(told).not.toContain(token.slice(9, 40));
    }
  }
});
