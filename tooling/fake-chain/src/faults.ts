/** Methods of the adapter that reach the network. */
export type NetworkCall =
  | 'getBalance'
  | 'buildTransaction'
  | 'simulateTransaction'
  | 'submitTransaction'
  | 'getTransactionStatus'
  | 'waitForConfirmation';

/**
 * What goes wrong with one call.
 * - `lost-request`: the network never sees it; the caller gets an error.
 * - `lost-answer`: it takes effect; the caller gets an error.
 * - `refused`: the node says no before taking it, and means it.
 * - `lagging-node`: the node answers from the past: it does not know recent transactions and calls fresh blockhashes unknown.
 * - `rate-limited`: refused with a retryable error, without effect.
 * - `late`: taken, but lands only after many blocks.
 * - `dropped`: taken by the node and never passed on.
 */
export const FAULTS = [
  'lost-request',
  'lost-answer',
  'refused',
  'lagging-node',
  'rate-limited',
  'late',
  'dropped',
] as const;
/** What goes wrong with one call. */
export type Fault = (typeof FAULTS)[number];

/** Decides, call by call, what goes wrong; undefined for nothing. */
export type FaultPlan = (call: NetworkCall) => Fault | undefined;

/** Nothing goes wrong. */
export const noFaults: FaultPlan = () => undefined;
