import type { NonceFloor } from './nonce-floor.ts';
import type { EvmSettings } from './options.ts';
import type { SigningTurns } from './signing-turns.ts';
import type { Twins } from './twins.ts';

/** What an adapter has for as long as it lives, connected or not. */
export interface AdapterContext {
  readonly settings: EvmSettings;
  readonly turns: SigningTurns;
  readonly floor: NonceFloor;
  readonly twins: Twins;
}
