import { ADAPTER_CONTRACT, REPLACEMENT_CONTRACT, SWEEP_CONTRACT, TOKEN_CONTRACT } from './contract.ts';
import type { ContractSection } from './contract-case.ts';
import type { ContractWorld, ReplacementWorld, SweepWorld, TokenWorld } from './world.ts';

/** The two functions of a test framework that the suite needs. Those of vitest, jest, mocha and node:test fit. */
export interface TestFramework {
  describe(name: string, define: () => void): unknown;
  test(name: string, run: () => Promise<void>): unknown;
}

/**
 * Registers the tests of the adapter contract: one for each promise.
 * @param name what the adapter is, for the report
 * @param openWorld opens a chain with an adapter on it; called once for each test
 * @example
 * import { describe, test } from 'vitest';
 * describeAdapterContract('my adapter', openMyWorld, { describe, test });
 */
export function describeAdapterContract(
  name: string,
  openWorld: () => Promise<ContractWorld>,
  framework: TestFramework,
): void {
  framework.describe(`adapter contract: ${name}`, () => register(ADAPTER_CONTRACT, openWorld, framework));
}

/** Registers the tests of the part of the contract that is about tokens. Comes on top of `describeAdapterContract`. */
export function describeTokenContract(
  name: string,
  openWorld: () => Promise<TokenWorld>,
  framework: TestFramework,
): void {
  framework.describe(`token contract: ${name}`, () => register(TOKEN_CONTRACT, openWorld, framework));
}

/** Registers the tests of the part of the contract that is about emptying a wallet. Comes on top of the other two. */
export function describeSweepContract(
  name: string,
  openWorld: () => Promise<SweepWorld>,
  framework: TestFramework,
): void {
  framework.describe(`sweep contract: ${name}`, () => register(SWEEP_CONTRACT, openWorld, framework));
}

/**
 * Registers the tests of the part of the contract that is about transactions that take the place of others. For adapters that can do
 * this (`IReplacer`), on top of `describeAdapterContract`.
 */
export function describeReplacementContract(
  name: string,
  openWorld: () => Promise<ReplacementWorld>,
  framework: TestFramework,
): void {
  framework.describe(`replacement contract: ${name}`, () => register(REPLACEMENT_CONTRACT, openWorld, framework));
}

function register<World extends ContractWorld>(
  sections: readonly ContractSection<World>[],
  openWorld: () => Promise<World>,
  { describe, test }: TestFramework,
): void {
  for (const { about, cases } of sections) {
    describe(about, () => {
      for (const { promise, run, unconnected } of cases) {
        test(promise, async () => {
          const world = await openWorld();
          try {
            if (unconnected !== true) await world.adapter.connect();
            await run(world);
          } finally {
            await world.close();
          }
        });
      }
    });
  }
}
