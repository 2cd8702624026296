import { expect, test } from 'vitest';
import { en } from './en.ts';
import { ko } from './ko.ts';

const placesOf = (text: string): readonly string[] => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();

test('every text has the same places in both languages, and says something', () => {
  expect(Object.keys(ko).sort()).toEqual(Object.keys(en).sort());
  for (const [key, text] of Object.entries(en)) {
    const other = Object.entries(ko).find(([name]) => name === key)?.[1] ?? '';
    expect(placesOf(other), key).toEqual(placesOf(text));
    expect(other.trim(), key).not.toBe('');
  }
});
