import { computeUnitLimit } from './compute-limit.ts';
import { BASE_FEE, priorityBudget } from './fee.ts';
import type { NodeView } from './node-view.ts';
import type { CheckedRequest } from './request-check.ts';

/** What a payment will cost, and how the bid is made up. */
export interface FeeQuote {
  /** Lamports in all: what a build will expect. */
  readonly fee: bigint;
  /** Part of it on top of the base fee. */
  readonly budget: bigint;
  /** Compute-unit limit before equal payments are told apart. */
  readonly unitLimit: number;
}

/** Quotes the fee of a payment; the same function serves the estimate and the build, so they cannot differ (02 §12). */
export async function quoteFee(view: NodeView, request: CheckedRequest, maxPriorityFee: bigint): Promise<FeeQuote> {
  const levels = await view.priorityFees(request.from, request.to);
  const unitLimit = computeUnitLimit(request.memo);
  const budget = priorityBudget(unitLimit, levels[request.priority ?? 'medium'], maxPriorityFee);
  return { fee: BASE_FEE + budget, budget, unitLimit };
}
