import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CLOCK_GAP_MS, createSteadyClock } from './index.ts';

const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;

/** A machine whose clock can be set, and which can sleep. */
function machine() {
  let passed = 5000;
  let offset = START - passed;
  const clock = createSteadyClock({ wall: () => offset + passed, monotonic: () => passed });
  return {
    clock,
    wall: () => offset + passed,
    pass(ms: number): void {
      passed += ms;
    },
    set(epochMs: number): void {
      offset = epochMs - passed;
    },
    sleep(ms: number): void {
      offset += ms;
    },
  };
}

describe('a steady clock', () => {
  test('shows what the machine shows, as long as that behaves', () => {
    const { clock, pass } = machine();
    expect(clock.now()).toBe(START);
    pass(1234);
    expect(clock.now()).toBe(START + 1234);
    expect(clock.ahead).toBe(0);
    expect(clock.awakeSince).toBe(START);
    expect(clock.takeJumps()).toEqual([]);
  });

  test('goes on from the latest time when the clock is set back, as fast as time passes', () => {
    const { clock, pass, set } = machine();
    pass(HOUR);
    expect(clock.now()).toBe(START + HOUR);
    set(START - 24 * HOUR);
    expect(clock.now()).toBe(START + HOUR);
    pass(10_000);
    expect(clock.now()).toBe(START + HOUR + 10_000);
    expect(clock.ahead).toBe(25 * HOUR);
    expect(clock.takeJumps()).toEqual([{ kind: 'set_back', ms: 25 * HOUR, at: START + HOUR }]);
    expect(clock.takeJumps()).toEqual([]);
    // Set right again, it is followed again; that is a gap like any other.
    set(START + 2 * HOUR);
    expect(clock.now()).toBe(START + 2 * HOUR);
    expect(clock.ahead).toBe(0);
  });

  test('notices that the machine slept, and since when it has been awake', () => {
    const { clock, pass, sleep } = machine();
    pass(1000);
    sleep(8 * HOUR);
    pass(5);
    expect(clock.awakeSince).toBe(START + 8 * HOUR + 1005);
    expect(clock.takeJumps()).toEqual([{ kind: 'gap', ms: 8 * HOUR, at: START + 8 * HOUR + 1005 }]);
    pass(HOUR);
    expect(clock.awakeSince).toBe(START + 8 * HOUR + 1005);
  });

  test('takes small corrections for what they are', () => {
    const { clock, pass, sleep } = machine();
    for (let hour = 0; hour < 100; hour += 1) {
      pass(HOUR);
      sleep(hour % 2 === 0 ? 900 : -900);
      clock.now();
    }
    expect(clock.takeJumps()).toEqual([]);
    expect(clock.awakeSince).toBe(START);
  });

  test('adds up many short sleeps until they are as good as a long one', () => {
    const { clock, pass, sleep } = machine();
    for (const ms of [2000, 2000, 900]) {
      pass(1000);
      sleep(ms);
      expect(clock.awakeSince).toBe(START);
    }
    pass(1000);
    sleep(200);
    const at = START + 9100;
    expect(clock.awakeSince).toBe(at);
    expect(clock.takeJumps()).toMatchObject([{ kind: 'gap', at }]);
    // From there it begins anew.
    sleep(4900);
    expect(clock.awakeSince).toBe(at);
  });

  test('takes no clock that is disciplined, no busy machine and no paused program for a sleep', () => {
    const { clock, pass, sleep } = machine();
    for (let hour = 0; hour < 24 * 30; hour += 1) {
      // As fast as NTP slews at most; and the two clocks are never read in the very same moment.
      pass(HOUR);
      sleep(1800);
      clock.now();
      sleep(200);
      clock.now();
      sleep(-200);
      pass(300_000);
      clock.now();
    }
    expect(clock.takeJumps()).toEqual([]);
    expect(clock.awakeSince).toBe(START);
  });

  test('a small gap while it is ahead of the machine moves nothing forward, and is none', () => {
    const { clock, pass, set, wall } = machine();
    pass(HOUR);
    clock.now();
    set(wall() - HOUR);
    clock.takeJumps();
    set(wall() + 50_000);
    expect(clock.now()).toBe(START + HOUR);
    expect(clock.takeJumps()).toEqual([]);
    expect(clock.awakeSince).toBe(START);
  });

  test('property: since a gap, it never shows more than has passed by 5 s and a thousandth', () => {
    const step = fc.record({
      pass: fc.integer({ min: 0, max: 120_000 }),
      moved: fc.oneof(fc.integer({ min: -10_000, max: 120_000 }), fc.integer({ min: -500, max: 4000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { clock, pass, sleep } = machine();
        const seen: { readonly shown: number; readonly passed: number }[] = [];
        let passed = 0;
        for (const { pass: ms, moved } of steps) {
          pass(ms);
          passed += ms;
          sleep(moved);
          const shown = clock.now();
          if (clock.awakeSince === shown) seen.length = 0;
          for (const before of seen) {
            const really = passed - before.passed;
            expect(shown - before.shown).toBeLessThan(really * 1.001 + CLOCK_GAP_MS + 0.01);
          }
          seen.push({ shown, passed });
        }
      }),
      { numRuns: 500 },
    );
  });

  test('property: never shows an earlier time, nor passes slower than time does while it is ahead', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 10 * HOUR }) }),
      fc.record({ kind: fc.constant('set' as const), ms: fc.integer({ min: -100 * HOUR, max: 100 * HOUR }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { clock, pass, set, wall } = machine();
        for (const { kind, ms } of steps) {
          const before = clock.now();
          if (kind === 'pass') pass(ms);
          else set(wall() + ms);
          const after = clock.now();
          expect(after).toBeGreaterThanOrEqual(before);
          expect(after).toBeGreaterThanOrEqual(wall());
          if (kind === 'pass' && after > wall()) expect(after).toBe(before + ms);
        }
      }),
      { numRuns: 500 },
    );
  });
});
