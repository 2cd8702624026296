/** How sure the cluster is of a block, weakest first. */
export type Commitment = 'processed' | 'confirmed' | 'finalized';

const RANK: Readonly<Record<Commitment, number>> = { processed: 0, confirmed: 1, finalized: 2 };

/** Whether `value` names a commitment level. */
export function isCommitment(value: unknown): value is Commitment {
  return value === 'processed' || value === 'confirmed' || value === 'finalized';
}

/** Whether a block that reached `reached` also satisfies a caller who asks for `wanted`. */
export function satisfies(reached: Commitment, wanted: Commitment): boolean {
  return RANK[reached] >= RANK[wanted];
}
