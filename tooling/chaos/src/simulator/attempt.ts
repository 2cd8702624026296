import { WaiaasError } from '@waiaas/core';
import type { SimulatedWorld } from './world.ts';

/** Something that somebody does. */
export interface Action {
  readonly name: string;
  /** How often it happens, beside the others. */
  readonly weight: number;
  readonly changesPolicies?: boolean;
  run(world: SimulatedWorld): Promise<void>;
}

/** What an answer that is an error may be: one of the daemon's own. Anything else is a fault of the program. */
export function codeOf(world: SimulatedWorld, what: string, error: unknown): string {
  if (error instanceof WaiaasError) {
    if (error.code === 'INTERNAL_ERROR') world.violated(`${what}: ${error.message}`);
    return error.code;
  }
  world.violated(`${what} ended with ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return 'UNKNOWN';
}

/** Does something at once and notes how it ended. Answers null when it was refused, or the daemon died. */
export async function attempt<T>(world: SimulatedWorld, what: string, work: () => Promise<T>): Promise<T | null> {
  try {
    const done = await world.await(work());
    world.log(`${what}${done === undefined ? ' … the daemon died' : ''}`);
    return done?.value ?? null;
  } catch (error) {
    world.log(`${what}: ${codeOf(world, what, error)}`);
    return null;
  }
}
