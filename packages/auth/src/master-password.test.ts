import { isWaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import type { LockoutState } from './lockout-store.ts';
import { createMasterPassword, type MasterPasswordOptions } from './master-password.ts';

const RIGHT = 'correct horse battery staple';
const WRONG = 'wrong horse battery staple';
const START = 1_800_000_000;

/** A daemon whose lock-out state and clock outlive its restarts. */
function machine(options: Partial<MasterPasswordOptions> = {}) {
  let seconds = START;
  let state: LockoutState = { failures: 0, lockedUntil: null };
  const evaluated: string[] = [];
  const failures: LockoutState[] = [];
  const events: string[] = [];
  const start = () =>
    createMasterPassword({
      verify: async (password) => {
        events.push('verify');
        evaluated.push(password);
        // Argon2id takes its time; others get their turn meanwhile.
        for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        return password === RIGHT;
      },
      lockout: {
        load: async () => state,
        save: async (next) => {
          events.push(`save ${next.failures}`);
          await Promise.resolve();
          state = next;
        },
      },
      clock: { now: () => seconds * 1000 },
      onFailure: async (failure) => {
        events.push('failure');
        failures.push(failure);
      },
      ...options,
    });
  let password = start();
  return {
    evaluated,
    failures,
    events,
    try: (text: string | undefined) => outcome(password.authenticate(text)),
    restart: () => {
      password = start();
    },
    forward: (by: number) => {
      seconds += by;
    },
    get state() {
      return state;
    },
    set state(next: LockoutState) {
      state = next;
    },
  };
}

const outcome = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
    return 'right';
  } catch (error) {
    if (!isWaiaasError(error)) throw error;
    const { retryAfter } = { ...error.details };
    return retryAfter === undefined ? `${error.status} ${error.code}` : `${error.status} ${error.code} ${retryAfter}`;
  }
};

const INVALID = '401 INVALID_MASTER_PASSWORD';
const times = async (count: number, run: () => Promise<string>): Promise<string[]> => {
  const results: string[] = [];
  for (let n = 0; n < count; n += 1) results.push(await run());
  return results;
};

test('the right password opens, a wrong or a missing one does not', async () => {
  const daemon = machine();
  expect(await daemon.try(RIGHT)).toBe('right');
  expect(await daemon.try(WRONG)).toBe(INVALID);
  expect(await daemon.try(undefined)).toBe(INVALID);
  expect(await daemon.try('')).toBe(INVALID);
});

test('failures one to five answer 401, the lock holds from the next attempt on', async () => {
  const daemon = machine();
  expect(await times(7, () => daemon.try(WRONG))).toEqual([
    ...Array(5).fill(INVALID),
    ...Array(2).fill('429 MASTER_PASSWORD_LOCKED 1800'),
  ]);
});

describe('ten wrong passwords at once', () => {
  test('cost exactly five evaluations; the rest is told of the lock', async () => {
    const daemon = machine();
    const answers = await Promise.all(Array.from({ length: 10 }, () => daemon.try(WRONG)));
    expect(daemon.evaluated).toHaveLength(5);
    expect(answers.filter((answer) => answer === INVALID)).toHaveLength(5);
    expect(answers.filter((answer) => answer === '429 MASTER_PASSWORD_LOCKED 1800')).toHaveLength(5);
  });

  test('lock out the right one for 1800 seconds, also across a restart; then it opens and resets the count', async () => {
    const daemon = machine();
    await Promise.all(Array.from({ length: 10 }, () => daemon.try(WRONG)));
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1800');
    daemon.restart();
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1800');
    daemon.forward(1799);
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1');
    daemon.restart();
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1');
    expect(daemon.evaluated).toHaveLength(5);
    daemon.forward(1);
    expect(await daemon.try(RIGHT)).toBe('right');
    expect(daemon.state).toEqual({ failures: 0, lockedUntil: null });
    expect(await times(5, () => daemon.try(WRONG))).toEqual(Array(5).fill(INVALID));
  });

  test('after the lock is over give five evaluations again, not one more', async () => {
    const daemon = machine();
    await times(5, () => daemon.try(WRONG));
    daemon.forward(1800);
    const answers = await Promise.all(Array.from({ length: 10 }, () => daemon.try(WRONG)));
    expect(daemon.evaluated).toHaveLength(10);
    expect(answers.filter((answer) => answer === INVALID)).toHaveLength(5);
  });
});

test('the right password resets the count: only consecutive failures lock', async () => {
  const daemon = machine();
  for (let round = 0; round < 3; round += 1) {
    expect(await times(4, () => daemon.try(WRONG))).toEqual(Array(4).fill(INVALID));
    expect(await daemon.try(RIGHT)).toBe('right');
  }
});

test('attempts while locked do not prolong the lock', async () => {
  const daemon = machine();
  await times(5, () => daemon.try(WRONG));
  for (let n = 0; n < 18; n += 1) {
    daemon.forward(100);
    await daemon.try(WRONG);
  }
  expect(daemon.state.lockedUntil).toBe(null);
  expect(daemon.evaluated).toHaveLength(6);
});

test('the lock lasts its full time also when it starts in the middle of a second', async () => {
  let now = START * 1000 + 900;
  const daemon = machine({ clock: { now: () => now } });
  await times(5, () => daemon.try(WRONG));
  now += 1_799_999;
  expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1');
  now += 101;
  expect(await daemon.try(RIGHT)).toBe('right');
});

test('failures survive a restart', async () => {
  const daemon = machine();
  await times(4, () => daemon.try(WRONG));
  daemon.restart();
  expect(await times(2, () => daemon.try(WRONG))).toEqual([INVALID, '429 MASTER_PASSWORD_LOCKED 1800']);
});

describe('a guess is counted before it is evaluated', () => {
  test('so the count is durable when the evaluation starts', async () => {
    const daemon = machine();
    await daemon.try(WRONG);
    expect(daemon.events).toEqual(['save 1', 'verify', 'failure']);
  });

  test('so a crash during the evaluation gives no guess away', async () => {
    const daemon = machine({ verify: () => new Promise(() => undefined) });
    for (let n = 0; n < 5; n += 1) {
      void daemon.try(WRONG);
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      daemon.restart();
    }
    expect(daemon.state.failures).toBe(5);
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1800');
  });

  test('so nothing is evaluated when the count cannot be stored', async () => {
    const evaluated: string[] = [];
    const daemon = machine({
      verify: async (password) => {
        evaluated.push(password);
        return true;
      },
      lockout: {
        load: async () => ({ failures: 0, lockedUntil: null }),
        save: async () => {
          throw new Error('disk full');
        },
      },
    });
    await expect(daemon.try(RIGHT)).rejects.toThrow('disk full');
    expect(evaluated).toEqual([]);
  });

  test('and taken back when the evaluation itself failed: a fault locks nobody out', async () => {
    const daemon = machine({
      verify: async () => {
        throw new Error('out of memory');
      },
    });
    for (let n = 0; n < 10; n += 1) await expect(daemon.try(RIGHT)).rejects.toThrow('out of memory');
    expect(daemon.state).toEqual({ failures: 0, lockedUntil: null });
    expect(daemon.failures).toEqual([]);
  });
});

test('an attempt after one that failed with a fault still runs', async () => {
  let faulty = true;
  const daemon = machine({
    verify: async () => {
      if (!faulty) return true;
      faulty = false;
      throw new Error('fault');
    },
  });
  const [first, second] = await Promise.allSettled([daemon.try(RIGHT), daemon.try(RIGHT)]);
  expect(first.status).toBe('rejected');
  expect(second).toEqual({ status: 'fulfilled', value: 'right' });
});

test('attempts are evaluated one at a time', async () => {
  let running = 0;
  let most = 0;
  const daemon = machine({
    verify: async () => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
      running -= 1;
      return true;
    },
  });
  await Promise.all(Array.from({ length: 16 }, () => daemon.try(RIGHT)));
  expect(most).toBe(1);
});

test('more attempts than may wait are turned away without being evaluated or counted', async () => {
  const daemon = machine({ maxQueued: 3 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => daemon.try(WRONG)));
  expect(answers.filter((answer) => answer === INVALID)).toHaveLength(3);
  expect(answers.filter((answer) => answer === '429 RATE_LIMIT_EXCEEDED 1')).toHaveLength(17);
  expect(daemon.state.failures).toBe(3);
  expect(await daemon.try(RIGHT)).toBe('right');
});

describe('what is not a guess', () => {
  test.each([undefined, ''])(
    'a missing password (%j) is never counted and cannot lock anybody out',
    async (missing) => {
      const daemon = machine();
      expect(await times(50, () => daemon.try(missing))).toEqual(Array(50).fill(INVALID));
      expect(daemon.events).toEqual([]);
      expect(await daemon.try(RIGHT)).toBe('right');
    },
  );
});

describe('what can be no password', () => {
  test.each([
    ['longer than any', 'x'.repeat(129)],
    ['very long', 'x'.repeat(100_000)],
    ['not ASCII', 'pässword-pässword'],
    ['with a control character', 'password\tpassword'],
    ['with a line feed at the end', `${RIGHT}\n`],
    ['with DEL', 'password\x7fpassword'],
  ])('a text %s is wrong and counts, but is not evaluated', async (_name, text) => {
    const daemon = machine();
    expect(await daemon.try(text)).toBe(INVALID);
    expect(daemon.evaluated).toEqual([]);
    expect(daemon.state.failures).toBe(1);
    expect(daemon.failures).toEqual([{ failures: 1, lockedUntil: null }]);
  });

  test('it is told of the lock like everybody', async () => {
    const daemon = machine();
    await times(5, () => daemon.try(WRONG));
    expect(await daemon.try('é')).toBe('429 MASTER_PASSWORD_LOCKED 1800');
  });
});

describe('the audit hook', () => {
  test('hears of each wrong password with the state it led to, and of nothing else', async () => {
    const daemon = machine();
    await daemon.try(RIGHT);
    await daemon.try(undefined);
    await times(9, () => daemon.try(WRONG));
    expect(daemon.failures).toEqual([
      ...[1, 2, 3, 4].map((failures) => ({ failures, lockedUntil: null })),
      { failures: 5, lockedUntil: START + 1800 },
    ]);
  });

  test('that fails keeps the refusal a refusal, and the count', async () => {
    const daemon = machine({
      onFailure: async () => {
        throw new Error('audit not writable');
      },
    });
    await expect(daemon.try(WRONG)).rejects.toThrow('audit not writable');
    expect(daemon.state.failures).toBe(1);
  });
});

describe('a stored state that cannot be right', () => {
  test('a lock from a clock that ran years ahead lasts its full time from now, and no longer', async () => {
    const daemon = machine();
    daemon.state = { failures: 5, lockedUntil: START + 400_000_000 };
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1800');
    daemon.forward(1799);
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1');
    daemon.forward(1);
    expect(await daemon.try(RIGHT)).toBe('right');
  });

  test('a lock that is no time locks', async () => {
    const daemon = machine();
    daemon.state = { failures: 5, lockedUntil: Number.NaN };
    expect(await daemon.try(RIGHT)).toBe('429 MASTER_PASSWORD_LOCKED 1800');
  });

  test.each([Number.NaN, -1000, 1.5])('a count of %d leaves one guess', async (failures) => {
    const daemon = machine();
    daemon.state = { failures, lockedUntil: null };
    expect(await times(2, () => daemon.try(WRONG))).toEqual([INVALID, '429 MASTER_PASSWORD_LOCKED 1800']);
  });
});

describe('a password that was right', () => {
  const create = (verify: () => Promise<boolean>) =>
    createMasterPassword({
      verify,
      lockout: { load: async () => ({ failures: 0, lockedUntil: null }), save: async () => undefined },
      clock: { now: () => 0 },
      onFailure: async () => undefined,
    });
  const ended = expect.objectContaining({ code: 'INVALID_MASTER_PASSWORD' });

  test('no longer is once it has been changed', async () => {
    const password = create(async () => true);
    const before = await password.authenticate(RIGHT);
    before.confirm();
    password.replaced();
    expect(() => before.confirm()).toThrowError(ended);
    (await password.authenticate(RIGHT)).confirm();
  });

  test('is not one when it was changed while it was evaluated', async () => {
    const begun = Promise.withResolvers<void>();
    const verdict = Promise.withResolvers<boolean>();
    const password = create(() => {
      begun.resolve();
      return verdict.promise;
    });
    const attempt = password.authenticate(RIGHT);
    await begun.promise;
    password.replaced();
    verdict.resolve(true);
    const shown = await attempt;
    expect(() => shown.confirm()).toThrowError(ended);
  });
});

test('the password is in no error and in nothing that is stored', async () => {
  const daemon = machine();
  const error: unknown = await createMasterPassword({
    verify: async () => false,
    lockout: { load: async () => daemon.state, save: async () => undefined },
    clock: { now: () => 0 },
    onFailure: async (state) => expect(JSON.stringify(state)).not.toContain('horse'),
  })
    .authenticate(WRONG)
    .catch((reason: unknown) => reason);
  expect(isWaiaasError(error) ? JSON.stringify([error.toBody('r'), error.stack]) : error).not.toContain('horse');
});
