import type { ContractWorld } from './world.ts';

/** One promise of the contract, and the attack on it. */
export interface ContractCase<World extends ContractWorld = ContractWorld> {
  /** What is promised, as a sentence about the adapter. */
  readonly promise: string;
  /** Leaves connecting to `run`. */
  readonly unconnected?: true;
  /** Throws an `AssertionError` when the promise does not hold. */
  run(world: World): Promise<void>;
}

/** Promises about one thing. */
export interface ContractSection<World extends ContractWorld = ContractWorld> {
  readonly about: string;
  readonly cases: readonly ContractCase<World>[];
}
