import { agentId as brandAgentId, type SignedVariant } from '@waiaas/core';
import {
  type AuthenticTransaction,
  authenticTransaction,
  displacesOf,
  hashesOf,
  isWatchedOnly,
  listUnderWayOfAgent,
  signedVariants,
} from '@waiaas/storage';
import type { PipelineDependencies } from './dependencies.ts';

/*
 * Of what has the same nonce only one lands. What goes back to the owner takes the place of what is stuck, and says so in its
 * row, under its seal, before it is sent; from then on it is the one that is helped along.
 */

/** What became of a transaction's place among those with its nonce. */
export interface Displacements {
  /** Whether another transaction that is still helped along has taken its place: then it is only followed. */
  isDisplaced(row: AuthenticTransaction): Promise<boolean>;
  /** All that was signed for transactions whose place it has taken, as far as they are what the daemon wrote. */
  displacedBy(row: AuthenticTransaction): Promise<readonly SignedVariant[]>;
}

const hasAny = (hashes: readonly string[], of: readonly string[]): boolean => hashes.some((hash) => of.includes(hash));

/** Makes it. */
export function createDisplacements({
  storage,
  sealer,
}: Pick<PipelineDependencies, 'storage' | 'sealer'>): Displacements {
  async function others(row: AuthenticTransaction): Promise<readonly AuthenticTransaction[]> {
    const found: AuthenticTransaction[] = [];
    for (const other of await listUnderWayOfAgent(storage.read, brandAgentId(row.agent_id))) {
      const authentic = other.id === row.id ? null : await authenticTransaction(storage.read, sealer, other);
      if (authentic !== null) found.push(authentic);
    }
    return found;
  }
  return {
    async isDisplaced(row) {
      const hashes = hashesOf(row);
      return (await others(row)).some((other) => !isWatchedOnly(other) && hasAny(displacesOf(other), hashes));
    },
    async displacedBy(row) {
      const displaced = displacesOf(row);
      if (displaced.length === 0) return [];
      return (await others(row)).filter((other) => hasAny(hashesOf(other), displaced)).flatMap(signedVariants);
    },
  };
}
