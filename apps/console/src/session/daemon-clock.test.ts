import { describe, expect, test } from 'vitest';
import { createDaemonClock } from './daemon-clock.ts';

const HTTP = (ms: number): string => new Date(ms).toUTCString();
const START = Date.parse('2026-07-01T12:00:00.000Z');

/** A machine whose clock is wrong, asking a daemon whose answers take a while. */
function skewed(aheadMs: number) {
  let daemon = START;
  const machine = { aheadMs };
  const clock = createDaemonClock(() => daemon - machine.aheadMs);
  return {
    clock,
    machine,
    daemon: () => daemon,
    pass: (ms: number): void => {
      daemon += ms;
    },
    ask(thereMs: number, backMs: number): void {
      const sentAt = daemon - machine.aheadMs;
      daemon += thereMs;
      const date = HTTP(daemon);
      daemon += backMs;
      clock.learn(date, sentAt, daemon - machine.aheadMs);
    },
  };
}

describe('the clock of the daemon', () => {
  test.each([0, 3_600_000, -3_600_000, 86_400_000, 137])(
    'is known to a second, and never behind, where this machine is off by %i ms',
    (ms) => {
      const { clock, daemon, pass, ask } = skewed(ms);
      pass(456);
      ask(5, 5);
      expect(clock.now()).toBeGreaterThanOrEqual(daemon());
      expect(clock.now() - daemon()).toBeLessThanOrEqual(1_010);
    },
  );

  test('is known the better the more answers there are', () => {
    const { clock, daemon, pass, ask } = skewed(7_200_000);
    for (let n = 0; n < 50; n += 1) {
      pass(1_037);
      ask(3, 4);
    }
    expect(clock.now()).toBeGreaterThanOrEqual(daemon());
    expect(clock.now() - daemon()).toBeLessThanOrEqual(60);
  });

  test('is learnt anew once the clock of this machine was set', () => {
    const { clock, machine, daemon, ask } = skewed(0);
    ask(1, 1);
    machine.aheadMs = -600_000;
    expect(Math.abs(clock.now() - daemon())).toBeGreaterThan(500_000);
    ask(1, 1);
    expect(clock.now()).toBeGreaterThanOrEqual(daemon());
    expect(clock.now() - daemon()).toBeLessThanOrEqual(1_002);
  });

  test('is the own one while nothing is known, and what tells nothing is passed over', () => {
    const clock = createDaemonClock(() => START);
    clock.learn(null, START, START);
    clock.learn('yesterday', START, START);
    clock.learn(HTTP(START), START, START - 60_000);
    expect(clock.now()).toBe(START);
  });
});
