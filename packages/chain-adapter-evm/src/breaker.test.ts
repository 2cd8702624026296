import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBreaker } from './breaker.ts';

describe('a breaker', () => {
  test('opens at the third fault in a row, not before, and a success in between starts anew', () => {
    const breaker = createBreaker();
    breaker.failed(0);
    breaker.failed(0);
    breaker.succeeded();
    breaker.failed(0);
    breaker.failed(0);
    expect(breaker.ask(0)).toBe('closed');
    breaker.failed(0);
    expect(breaker.ask(0)).toBe('open');
  });

  test('lets one call try after its pause', () => {
    const breaker = createBreaker();
    for (let i = 0; i < 3; i++) breaker.failed(0);
    expect(breaker.ask(4_999)).toBe('open');
    expect([breaker.ask(5_000), breaker.ask(5_000), breaker.ask(5_001)]).toEqual(['trial', 'open', 'open']);
    breaker.succeeded();
    expect(breaker.ask(5_001)).toBe('closed');
  });

  test('doubles its pause with each failed trial, up to two minutes', () => {
    const breaker = createBreaker();
    for (let i = 0; i < 3; i++) breaker.failed(0);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      const now = breaker.until;
      expect(breaker.ask(now)).toBe('trial');
      breaker.failed(now);
      pauses.push(breaker.until - now);
    }
    expect(pauses).toEqual([10_000, 20_000, 40_000, 80_000, 120_000, 120_000, 120_000, 120_000]);
  });

  test('never stays open for ever', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('ok'), fc.constant('fault'), fc.constant('ask'))), (events) => {
        const breaker = createBreaker();
        let now = 0;
        for (const event of events) {
          now += 1_000;
          if (event === 'ok') breaker.succeeded();
          else if (event === 'fault') breaker.failed(now);
          else breaker.ask(now);
        }
        expect(breaker.ask(now + 120_000)).not.toBe('open');
      }),
    );
  });
});
