import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { agentId, createIdGenerator, isAgentId, isUuidV7, policyId, sessionId, transactionId } from './index.ts';

const ID = '0192f3a1-1c4d-7abc-9def-0123456789ab';
const at = (ms: number) => ({ now: () => ms });
const take = (count: number, next: () => string): string[] => Array.from({ length: count }, next);

describe('the form of an id', () => {
  test('a lower-case UUID v7 is one; every other version, variant, case and shape is not', () => {
    expect(isUuidV7(ID)).toBe(true);
    for (const wrong of [
      ID.toUpperCase(),
      ID.replace('-7', '-4'),
      ID.replace('-9', '-c'),
      ID.replace('-9', '-7'),
      ID.replaceAll('-', ''),
      `{${ID}}`,
      `urn:uuid:${ID}`,
      `${ID} `,
      `${ID}\n`,
      ID.slice(1),
      '',
    ]) {
      expect(isUuidV7(wrong)).toBe(false);
      expect(isAgentId(wrong)).toBe(false);
    }
  });

  test.each([agentId, sessionId, transactionId, policyId])('the branding functions refuse what is none', (make) => {
    expect(make(ID)).toBe(ID);
    expect(() => make(ID.toUpperCase())).toThrow(TypeError);
  });
});

describe('the generator', () => {
  test('lays an id out as RFC 9562 §5.7 does: 48 bits of time, version 7, variant 10', () => {
    // The instant of the example in appendix A.6 of the RFC: 2022-02-22 19:22:22 UTC.
    const id = createIdGenerator(at(0x017f22e279b0), () => new Uint8Array(10).fill(0xff)).next();
    expect(id).toBe('017f22e2-79b0-77ff-bfff-ffffffffffff');
    expect(isUuidV7(id)).toBe(true);
  });

  test('fills in the random bytes it is given', () => {
    const bytes = Uint8Array.from([0x81, 1, 2, 3, 4, 5, 6, 7, 0x0a, 0xbc]);
    expect(createIdGenerator(at(1), () => bytes).next()).toBe('00000000-0001-72bc-8101-020304050607');
  });

  test('refuses a source that gives too few random bytes', () => {
    expect(() => createIdGenerator(at(1), () => new Uint8Array(9)).next()).toThrow(RangeError);
  });

  test('makes valid ids of clocks that tell fractions of a millisecond, and at the epoch', () => {
    expect(isUuidV7(createIdGenerator(at(1.5), randomBytes).next())).toBe(true);
    expect(isUuidV7(createIdGenerator(at(0), randomBytes).next())).toBe(true);
    expect(isUuidV7(createIdGenerator(at(-1), randomBytes).next())).toBe(true);
  });

  test('stays in order over more ids than a millisecond has numbers for', () => {
    const ids = take(20_000, createIdGenerator(at(1_700_000_000_000), randomBytes).next);
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(isUuidV7)).toBe(true);
  });

  test('stays in order right where a millisecond runs out', () => {
    // The counter starts at its highest start value, so that the 2,050th id needs the next millisecond.
    const ids = take(2_051, createIdGenerator(at(5), () => new Uint8Array(10).fill(0xff)).next);
    expect(ids[2_048]).toMatch(/^00000000-0005-7fff-/);
    expect(ids[2_049]).toMatch(/^00000000-0006-7000-/);
    expect(ids).toEqual(ids.toSorted());
  });

  test('stays in order while the clock is set back a year and creeps on', () => {
    let now = 1_700_000_000_000;
    const generator = createIdGenerator({ now: () => now }, randomBytes);
    const before = take(10, generator.next);
    now -= 365 * 86_400_000;
    const after = take(10_000, () => {
      now += 1;
      return generator.next();
    });
    expect([...before, ...after]).toEqual([...before, ...after].toSorted());
  });
});
