import { describe, expect, test } from 'vitest';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';

/** A value as it may arrive from code that the compiler did not check. */
const unchecked = (value: unknown): CanonicalValue => JSON.parse('null', () => value);

describe('canonical JSON', () => {
  test('sorts keys by code unit at every depth, without white space', () => {
    expect(canonicalJson({ b: { d: 1, c: [2, { z: 0, a: null }] }, a: true })).toBe(
      '{"a":true,"b":{"c":[2,{"a":null,"z":0}],"d":1}}',
    );
    // RFC 8785 §3.2.3: order of UTF-16 code units, not of code points or of a language.
    const keys = { '€': 1, '\r': 2, '\ufb33': 3, '1': 4, '😀': 5, '\u0080': 6, ö: 7 };
    expect(canonicalJson(keys)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}');
  });

  test('does not depend on the order in which an object was filled', () => {
    expect(canonicalJson({ a: 1, b: 2 })).toBe(canonicalJson({ b: 2, a: 1 }));
  });

  test('writes every code unit as JSON does, in short texts, in long ones and in keys', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      for (const text of [String.fromCharCode(unit), `${'a'.repeat(200)}${String.fromCharCode(unit)}`]) {
        if (canonicalJson(text) !== JSON.stringify(text)) expect(canonicalJson(text)).toBe(JSON.stringify(text));
      }
      const object = { [`k${String.fromCharCode(unit)}`]: 1 };
      if (canonicalJson(object) !== JSON.stringify(object)) expect(canonicalJson(object)).toBe(JSON.stringify(object));
    }
  });

  test('writes bigint as a decimal string, exactly', () => {
    expect(canonicalJson({ amount: 2n ** 256n - 1n })).toBe(`{"amount":"${2n ** 256n - 1n}"}`);
  });

  test('0 and -0 are equal and encode the same', () => expect(canonicalJson(-0)).toBe(canonicalJson(0)));

  test('keeps lone surrogates apart from the character they would be replaced by and from their escape', () => {
    const encodings = ['\ud800', '\udfff', '\ufffd', '\\ud800', '😀'].map((text) => canonicalJson(text));
    expect(encodings[0]).toBe('"\\ud800"');
    expect(new Set(encodings.map((text) => Buffer.from(text).toString('hex'))).size).toBe(encodings.length);
    expect(Buffer.from(canonicalJson({ '\udc00': 1 })).toString()).toBe('{"\\udc00":1}');
  });

  test('takes names of prototype members as ordinary keys', () => {
    const hostile: CanonicalValue = JSON.parse('{"__proto__":1,"constructor":2}');
    expect(canonicalJson(hostile)).toBe('{"__proto__":1,"constructor":2}');
  });

  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])('refuses the number %d', (value) => {
    expect(() => canonicalJson({ value })).toThrow(TypeError);
  });

  test.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['an undefined field', { a: undefined }],
    ['an undefined item', [undefined]],
    ['a hole in a list', new Array(2)],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['bytes', Uint8Array.of(1)],
    ['a boxed number', Object(1)],
    ['an instance of a class', new (class Limit {})()],
  ])('refuses %s: it would be dropped or changed', (_name, value) => {
    expect(() => canonicalJson(unchecked(value))).toThrow(TypeError);
    expect(() => canonicalJson({ deep: [unchecked(value)] })).toThrow(TypeError);
  });
});
