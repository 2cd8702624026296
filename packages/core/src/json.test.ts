import { expect, test } from 'vitest';
import { toJson } from './json.ts';

test('bigint leaves as a decimal string at any depth', () => {
  expect(toJson({ a: [1n, { b: 2n ** 256n }] })).toBe(`{"a":["1",{"b":"${2n ** 256n}"}]}`);
  expect(toJson(5n)).toBe('"5"');
});

test('always gives JSON text, even of what JSON has no word for', () => {
  for (const value of [undefined, () => 1, Symbol('s'), null]) expect(toJson(value)).toBe('null');
  expect(toJson({ a: undefined })).toBe('{}');
});
