import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Everything a run leaves to chance, from one seed. */
export interface Random {
  /** A whole number from `from` to `to`, both included. */
  int(from: number, to: number): number;
  /** True in so many of a thousand cases. */
  chance(perMille: number): boolean;
  /** One of some. @throws RangeError when there are none */
  pick<T>(items: readonly T[]): T;
  /** One of a list; undefined when it is empty. */
  any<T>(items: readonly T[]): T | undefined;
  bytes(length: number): Uint8Array;
}

/** The same seed gives the same numbers, on every machine. */
export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const int = (from: number, to: number): number => uniformInt(generator, from, to);
  const any = <T>(items: readonly T[]): T | undefined =>
    items.length === 0 ? undefined : items[int(0, items.length - 1)];
  return {
    int,
    any,
    chance: (perMille) => int(0, 999) < perMille,
    pick: (items) => {
      const picked = any(items);
      if (picked === undefined) throw new RangeError('There is nothing to pick from');
      return picked;
    },
    bytes: (length) => Uint8Array.from({ length }, () => int(0, 255)),
  };
}
