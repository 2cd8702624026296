import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SlidingWindow, WINDOW_MS } from './sliding-window.ts';

describe('a sliding window', () => {
  test('counts exactly the requests of the last minute, whatever their times', () => {
    const gaps = fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(WINDOW_MS), fc.nat(3 * WINDOW_MS)), {
      maxLength: 300,
    });
    fc.assert(
      fc.property(gaps, (steps) => {
        const window = new SlidingWindow();
        const model: number[] = [];
        let now = 1_000_000;
        for (const step of steps) {
          now += step;
          window.advance(now);
          const live = model.filter((time) => time + WINDOW_MS > now);
          expect(window.total).toBe(live.length);
          expect(window.oldest).toBe(live[0] ?? null);
          window.add(now);
          model.push(now);
        }
      }),
    );
  });

  test('takes a million requests of one minute in a memory that depends on time only', () => {
    const window = new SlidingWindow();
    for (let count = 0; count < 1_000_000; count += 1) {
      const now = Math.floor((count * WINDOW_MS) / 1_000_000);
      window.advance(now);
      window.add(now);
    }
    expect(window.total).toBe(1_000_000);
    expect(window.capacity).toBeLessThanOrEqual(65_536);
    window.advance(2 * WINDOW_MS);
    expect(window.total).toBe(0);
  });

  test('starts small', () => {
    expect(new SlidingWindow().capacity).toBeLessThanOrEqual(16);
  });
});
