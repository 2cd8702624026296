import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSilence } from './silence.ts';

const MINUTE = 60_000;
const START = 1_800_000_000_000;

describe('an endpoint that was asked in vain', () => {
  test('has a say for ten minutes from the first time, and none afterwards', () => {
    const silence = createSilence();
    const says = [0, 5 * MINUTE, 10 * MINUTE - 1, 10 * MINUTE, 20 * MINUTE].map((at) =>
      silence.askedInVain(START + at),
    );
    expect(says).toEqual([true, true, true, false, false]);
  });

  test('has it anew once it has given its word', () => {
    const silence = createSilence();
    silence.askedInVain(START);
    silence.askedInVain(START + 9 * MINUTE);
    silence.answered();
    expect(silence.askedInVain(START + 10 * MINUTE)).toBe(true);
    expect(silence.askedInVain(START + 20 * MINUTE - 1)).toBe(true);
    expect(silence.askedInVain(START + 20 * MINUTE)).toBe(false);
  });

  test('has it anew where nobody has asked for eleven minutes, however long ago that was', () => {
    for (const pause of [11 * MINUTE + 1, 24 * 60 * MINUTE]) {
      const silence = createSilence();
      silence.askedInVain(START);
      expect(silence.askedInVain(START + pause)).toBe(true);
      expect(silence.askedInVain(START + pause + 10 * MINUTE)).toBe(false);
    }
    const silence = createSilence();
    silence.askedInVain(START);
    expect(silence.askedInVain(START + 11 * MINUTE)).toBe(false);
  });

  test('has it anew where the clock was set back', () => {
    const silence = createSilence();
    silence.askedInVain(START);
    silence.askedInVain(START - 60 * MINUTE);
    expect(silence.askedInVain(START - 50 * MINUTE)).toBe(false);
  });

  test('never loses it before ten minutes of silence, nor keeps it longer where it is asked without a pause', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ pause: fc.integer({ min: 0, max: 20 * MINUTE }), answers: fc.boolean() })),
        (questions) => {
          const silence = createSilence();
          let now = START;
          let since: number | null = null;
          let pauses: number[] = [];
          for (const { pause, answers } of questions) {
            now += pause;
            if (answers) {
              silence.answered();
              since = null;
              continue;
            }
            pauses = since === null ? [] : [...pauses, pause];
            since ??= now;
            const hasSay = silence.askedInVain(now);
            if (now - since < 10 * MINUTE) expect(hasSay).toBe(true);
            else if (pauses.every((each) => each <= 11 * MINUTE)) expect(hasSay).toBe(false);
          }
        },
      ),
    );
  });
});
