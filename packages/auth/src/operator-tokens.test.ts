import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createOperatorTokens, type OperatorTokens, type OperatorTokensOptions } from './operator-tokens.ts';

function session(options: Partial<OperatorTokensOptions> = {}) {
  let now = 1_800_000_000_000;
  const operators = createOperatorTokens({ clock: { now: () => now }, randomBytes, ...options });
  return {
    operators,
    now: () => now,
    forward: (seconds: number) => {
      now += seconds * 1000;
    },
    accepts: (token: string | undefined): boolean => {
      try {
        operators.authenticate(token);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_OPERATOR_TOKEN', status: 401, details: undefined });
        return false;
      }
    },
  };
}

test('a token carries 256 random bits behind its prefix, and each is another', () => {
  const { operators, now } = session();
  const first = operators.issue();
  expect(first.token).toMatch(/^wai_op_[A-Za-z0-9_-]{43}$/);
  expect(first.expiresAt).toBe(now() + 28_800_000);
  expect(operators.issue().token).not.toBe(first.token);
});

test('an issued token is accepted again and again', () => {
  const { operators, accepts } = session();
  const { token } = operators.issue();
  expect([accepts(token), accepts(token), accepts(token)]).toEqual([true, true, true]);
});

describe('a token is over', () => {
  test('after exactly 15 idle minutes', () => {
    const { operators, accepts, forward } = session();
    const { token } = operators.issue();
    forward(899);
    expect(accepts(token)).toBe(true);
    forward(899);
    expect(accepts(token)).toBe(true);
    forward(900);
    expect(accepts(token)).toBe(false);
  });

  test('after exactly 8 hours, however busy it was', () => {
    const { operators, accepts, forward } = session();
    const { token } = operators.issue();
    for (let second = 600; second < 28_800; second += 600) {
      forward(600);
      expect(accepts(token)).toBe(true);
    }
    forward(599);
    expect(accepts(token)).toBe(true);
    forward(1);
    expect(accepts(token)).toBe(false);
  });

  test('and does not come back when the clock is set back after it was refused', () => {
    const { operators, accepts, forward } = session();
    const { token } = operators.issue();
    forward(900);
    expect(accepts(token)).toBe(false);
    forward(-900);
    expect(accepts(token)).toBe(false);
  });

  test('after sign-out, and no other token with it', () => {
    const { operators, accepts } = session();
    const [one, other] = [operators.issue().token, operators.issue().token];
    expect(operators.revoke(one)).toBe(true);
    expect(operators.revoke(one)).toBe(false);
    expect([accepts(one), accepts(other)]).toEqual([false, true]);
  });

  test('after all were ended, and new ones work', () => {
    const { operators, accepts } = session();
    const before = [operators.issue().token, operators.issue().token];
    expect(operators.revokeAll()).toBe(2);
    expect(before.map(accepts)).toEqual([false, false]);
    expect(accepts(operators.issue().token)).toBe(true);
  });

  test('after a restart', () => {
    const { token } = session().operators.issue();
    expect(session().accepts(token)).toBe(false);
  });
});

test('a refused attempt does not keep a token alive', () => {
  const { operators, accepts, forward } = session();
  const { token } = operators.issue();
  forward(899);
  accepts(`${token}x`);
  accepts(token.slice(0, -1));
  forward(1);
  expect(accepts(token)).toBe(false);
});

test.each([
  ['nothing', () => undefined],
  ['an empty text', () => ''],
  ['the prefix alone', () => 'wai_op_'],
  ['a token of nobody', () => `wai_op_${'A'.repeat(43)}`],
  ['a cut token', (token: string) => token.slice(0, -1)],
  ['a longer token', (token: string) => `${token}A`],
  ['a token with a line feed', (token: string) => `${token}\n`],
  ['a token without prefix', (token: string) => token.slice(7)],
  ['a token with the prefix in capitals', (token: string) => `WAI_OP_${token.slice(7)}`],
  ['a session token', () => 'wai_sess_x.y.z'],
])('%s is refused', (_name, make) => {
  const { operators, accepts } = session();
  expect(accepts(make(operators.issue().token))).toBe(false);
});

test('the hash of a token opens nothing', async () => {
  const { operators, accepts } = session();
  const { token } = operators.issue();
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256').update(token).digest();
  expect([accepts(hash.toString('hex')), accepts(`wai_op_${hash.toString('base64url')}`)]).toEqual([false, false]);
});

describe('what a token was accepted for', () => {
  test.each([
    ['it is signed out', (operators: OperatorTokens, token: string) => operators.revoke(token)],
    ['all tokens end', (operators: OperatorTokens) => operators.revokeAll()],
  ])('is over when %s', (_what, end) => {
    const { operators } = session();
    const { token } = operators.issue();
    const shown = operators.authenticate(token);
    shown.confirm();
    end(operators, token);
    expect(() => shown.confirm()).toThrowError(expect.objectContaining({ code: 'INVALID_OPERATOR_TOKEN' }));
    expect(operators.isLive(token)).toBe(false);
  });

  test('and when its time is: asking for it is no use of the token', () => {
    const { operators, accepts, forward } = session();
    const { token } = operators.issue();
    const shown = operators.authenticate(token);
    forward(899);
    shown.confirm();
    expect(operators.isLive(token)).toBe(true);
    forward(1);
    expect(() => shown.confirm()).toThrowError(expect.objectContaining({ code: 'INVALID_OPERATOR_TOKEN' }));
    expect([operators.isLive(token), accepts(token)]).toEqual([false, false]);
  });
});

describe('at capacity', () => {
  test('one more sign-in ends the token that was idle longest', () => {
    const { operators, accepts, forward } = session({ capacity: 2 });
    const idle = operators.issue().token;
    forward(1);
    const busy = operators.issue().token;
    forward(1);
    expect(accepts(idle)).toBe(true);
    const third = operators.issue().token;
    expect([accepts(idle), accepts(busy), accepts(third)]).toEqual([true, false, true]);
  });

  test('tokens that are over make room first', () => {
    const { operators, accepts, forward } = session({ capacity: 2 });
    const old = operators.issue().token;
    forward(600);
    const young = operators.issue().token;
    forward(300);
    const third = operators.issue().token;
    expect([accepts(old), accepts(young), accepts(third)]).toEqual([false, true, true]);
  });
});

test('a broken random source gives no token', () => {
  const repeating = session({ randomBytes: (length) => new Uint8Array(length) });
  repeating.operators.issue();
  expect(() => repeating.operators.issue()).toThrow('random');
  expect(() => session({ randomBytes: () => new Uint8Array(8) }).operators.issue()).toThrow('random');
});

test('a look at the object shows no token', () => {
  const { operators } = session();
  const { token } = operators.issue();
  expect(inspect(operators, { depth: 9, showHidden: true })).not.toContain(token);
});
