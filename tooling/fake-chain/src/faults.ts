/** Methods of the adapter that reach the network. */
export type NetworkCall =
  | 'getHealth'
  | 'getToken'
  | 'getTokenBalance'
  | 'listAssets'
  | 'listHoldings'
  | 'quoteSweep'
  | 'getBalance'
  | 'estimateFee'
  | 'buildTransaction'
  | 'simulateTransaction'
  | 'submitTransaction'
  | 'getTransactionStatus'
  | 'waitForConfirmation';

/**
 * What goes wrong with one call.
 * - `lost-request`: the network never sees it; the caller gets an error.
 * - `lost-answer`: it takes effect; the caller gets an error.
 * - `no-answer`: it takes effect; the caller waits until the adapter's time-out and gets an error.
 * - `garbled-answer`: it takes effect; what comes back cannot be read.
 * - `refused`: the node says no before taking it, and means it.
 * - `rate-limited`: refused with a retryable error, without effect.
 * - `lagging-node`: the node answers from the past: it does not know recent transactions and calls fresh blockhashes unknown.
 * - `forked-node`: the node is on a fork that the chain leaves again: there, whatever was taken has been processed already.
 * - `late`: taken, but lands only after most of its lifetime.
 * - `dropped`: taken by the node and never passed on.
 */
export const FAULTS = [
  'lost-request',
  'lost-answer',
  'no-answer',
  'garbled-answer',
  'refused',
  'rate-limited',
  'lagging-node',
  'forked-node',
  'late',
  'dropped',
] as const;
/** What goes wrong with one call. */
export type Fault = (typeof FAULTS)[number];

/** Decides, call by call, what goes wrong; undefined for nothing. */
export type FaultPlan = (call: NetworkCall) => Fault | undefined;

/** Nothing goes wrong. */
export const noFaults: FaultPlan = () => undefined;
