import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Admissions, countAdmissions, withAdmission, withoutAdmission } from './recent-admissions.ts';

/* A rate counts what was admitted in a window, whatever was cancelled meanwhile: exactly, and in a long list never less. */

const step = fc.record({
  after: fc.nat(4000),
  cancels: fc.boolean(),
  which: fc.nat(),
});

test('counts what is in a window, and takes off what was cancelled, however old', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.nat(86_400), (steps, window) => {
      let entries: readonly Admissions[] = [];
      let now = 1_800_000_000;
      const counted: number[] = [];
      for (const { after, cancels, which } of steps) {
        now += after;
        if (cancels && counted.length > 0) {
          const [at = 0] = counted.splice(which % counted.length, 1);
          entries = withoutAdmission(entries, at);
        } else {
          counted.push(now);
          entries = withAdmission(entries, now);
        }
        const since = now - window;
        expect(countAdmissions(entries, since)).toBe(counted.filter((at) => at > since).length);
      }
    }),
    { numRuns: 500 },
  );
});

test('of thousands it holds a few hundred, and counts none too few and none for much longer', () => {
  let entries: readonly Admissions[] = [];
  const all: number[] = [];
  for (let at = 1_800_000_000; at < 1_800_000_000 + 86_400; at += 10) {
    all.push(at);
    entries = withAdmission(entries, at);
    expect(entries.length).toBeLessThanOrEqual(512);
  }
  const now = all.at(-1) ?? 0;
  for (const window of [60, 3600, 86_400]) {
    const inWindow = all.filter((at) => at > now - window).length;
    const told = countAdmissions(entries, now - window);
    expect(told).toBeGreaterThanOrEqual(inWindow);
    expect(told).toBeLessThanOrEqual(inWindow * 1.2);
  }
});
