import { ChainError } from '@waiaas/core';
import { generousLimit, limitFromUnits, PLAIN_TRANSFER_LIMIT } from './compute-limit.ts';
import { type FoundEmptied, findEmptied } from './emptied-account.ts';
import { BASE_FEE, priorityBudget } from './fee.ts';
import type { NodeView } from './node-view.ts';
import { compilePayment, type PaymentContent } from './payment-message.ts';
import type { CheckedRequest } from './request-check.ts';
import { naturalOf } from './rpc-answer.ts';
import { simulationCall } from './run-simulation.ts';
import { type FoundRoute, findTokenRoute } from './token-route.ts';

/** What a payment will do and cost, and how the bid is made up. */
export interface PaymentQuote {
  readonly content: PaymentContent;
  /** Absent for the native asset, and where an account is only closed. */
  readonly found?: FoundRoute;
  /** The account that is emptied, if the request names one. */
  readonly emptied?: FoundEmptied;
  /** Lamports in all, the rent of what is created included: what a build will expect. */
  readonly fee: bigint;
  /** Part of it that is bid on top of the base fee. */
  readonly budget: bigint;
  /** Compute-unit limit before equal payments are told apart. */
  readonly unitLimit: number;
}

/** Compute-unit limit of a payment: measured in a simulation, or a generous one where that fails (02 §11). */
async function unitLimitOf(view: NodeView, content: PaymentContent): Promise<number> {
  if (content.route === undefined && content.closed === undefined && content.memo === undefined)
    return PLAIN_TRANSFER_LIMIT;
  const generous = generousLimit(content);
  const blockhash = await view.blockhash.get();
  const draft = compilePayment({ ...content, blockhash, unitLimit: generous, unitPrice: 0n });
  const { err, unitsConsumed } = await view.session.call(simulationCall(draft, view.sendMs));
  // Why it would fail is said by the checks of the build and by the simulation of what was built.
  if ((err ?? null) !== null || (unitsConsumed ?? null) === null) return generous;
  return limitFromUnits(Number(naturalOf(unitsConsumed, 'units consumed')));
}

/**
 * The bid of a request that names its whole fee; undefined when it names none.
 * @throws ChainError BUILD_FAILED when it does not pay for a signature, or bids more than the cap
 */
function namedBudget({ fee }: CheckedRequest, cap: bigint): bigint | undefined {
  if (fee === undefined) return undefined;
  const budget = fee - BASE_FEE;
  if (budget >= 0n && budget <= cap) return budget;
  throw new ChainError({
    code: 'BUILD_FAILED',
    chain: 'solana',
    message: 'The fee that was reckoned with is none that is paid',
    details: { fee, least: BASE_FEE, most: BASE_FEE + cap },
    retryable: false,
    mayHaveLanded: false,
  });
}

/**
 * Quotes a payment; the same function serves the estimate and the build, so they cannot differ (02 §12).
 * @throws ChainError of `findTokenRoute`, RPC_ERROR, NETWORK_ERROR
 */
export async function quotePayment(
  view: NodeView,
  request: CheckedRequest,
  maxPriorityFee: bigint,
): Promise<PaymentQuote> {
  const { from, to, amount, memo, token, priority = 'medium' } = request;
  const emptied = await findEmptied(view, request);
  const found = token === undefined || amount === 0n ? undefined : await findTokenRoute(view, request, token, emptied);
  const content: PaymentContent = {
    from,
    to,
    amount,
    ...(found === undefined ? {} : { route: found.route }),
    ...(emptied?.closes === true ? { closed: emptied } : {}),
    ...(memo === undefined ? {} : { memo }),
  };
  const written =
    found !== undefined ? [from, found.route.source, found.route.destination] : [from, emptied?.account ?? to];
  const [levels, unitLimit] = await Promise.all([view.priorityFees(written), unitLimitOf(view, content)]);
  const budget = namedBudget(request, maxPriorityFee) ?? priorityBudget(unitLimit, levels[priority], maxPriorityFee);
  const fee = BASE_FEE + budget + (found?.rent ?? 0n);
  return {
    content,
    ...(found === undefined ? {} : { found }),
    ...(emptied === undefined ? {} : { emptied }),
    ...{ fee, budget, unitLimit },
  };
}
