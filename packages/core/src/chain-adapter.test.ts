import { expect, test } from 'vitest';
import { type IChainAdapter, isReplacer } from './chain-adapter.ts';

/** An adapter with so much beside the 13 methods, which are nothing to this. */
const adapterWith = (beside: object): IChainAdapter => Object.assign(Object.create(null), beside);
const build = async (): Promise<null> => null;

test('an adapter replaces transactions if it can do both: raise a payment, and have another one take its place', () => {
  expect(isReplacer(adapterWith({ buildReplacement: build, buildDisplacing: build }))).toBe(true);
  expect(isReplacer(adapterWith({ buildReplacement: build }))).toBe(false);
  expect(isReplacer(adapterWith({ buildDisplacing: build }))).toBe(false);
  expect(isReplacer(adapterWith({}))).toBe(false);
});
