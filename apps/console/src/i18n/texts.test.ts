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

/** Names that are the same in every language: of the product, of standards, of what stands in files and on the command line. */
const NAMES =
  /\{\w+\}|\b(?:INSTANT|NOTIFY|DELAY|APPROVAL|UTC|MCP|QR|ID|URL|API|Bot|EIP-6963|Wallet Standard|waiaas (?:owner|recover)|config\.toml|notifications\.enabled|telegram_bot\.\w+|\/?auth|ms)\b/g;

test('the Korean ones are Korean', () => {
  for (const [key, text] of Object.entries(ko)) {
    expect(text.replaceAll(NAMES, ''), key).not.toMatch(/[A-Za-z]/);
  }
});

test('the Korean ones are worded formally, and in one word for one thing', () => {
  for (const [key, text] of Object.entries(ko)) {
    expect(text, key).not.toMatch(/(?:[해어아에예네군]요|[가나]요)(?=[.?!]|$)/);
    expect(text, key).not.toMatch(/당신|지불|지급/);
  }
});

test('no particle hangs on a word that is filled in: which one is right depends on that word', () => {
  for (const [key, text] of Object.entries(ko)) {
    expect(text, key).not.toMatch(/\{\w+\} ?(?:을|를|이|가|은|는|과|와|으로|로|이나|나)(?![가-힣])/);
  }
});
