import type { AcceptedSignature } from './faults/counters.ts';
import type { Fault } from './faults/fault.ts';
import { faultToJson } from './faults/parse-fault.ts';
import type { JsonObject } from './json/json-value.ts';
import type { TransactionSource } from './ledger/landed-transaction.ts';
import type { TransactionError } from './ledger/transaction-error.ts';
import type { Node } from './methods/method.ts';

/** A transaction in a block, as the report lists it. */
export interface LandedSummary {
  readonly signature: string;
  readonly slot: number;
  readonly err: TransactionError | null;
  readonly source: TransactionSource;
}

/** What happened to the node so far. */
export interface Report {
  readonly slot: number;
  readonly blockHeight: number;
  /** Calls received for each method, swallowed ones included, WebSocket ones too. */
  readonly calls: Readonly<Record<string, number>>;
  /** Distinct signatures accepted by sendTransaction, in order, each with how often it was accepted. */
  readonly accepted: readonly AcceptedSignature[];
  /** Transactions in blocks, in order. */
  readonly landed: readonly LandedSummary[];
  /** Accepted transactions still waiting for their slot. */
  readonly pending: number;
  /** WebSocket connections open right now. */
  readonly sockets: number;
  /** Faults that are still on. */
  readonly faults: readonly Fault[];
}

/** Looks at the node. */
export function reportOf({ ledger, counters, faults }: Node, sockets: number): Report {
  const tip = ledger.timeline.tip();
  return {
    slot: tip.slot,
    blockHeight: tip.height,
    calls: counters.calls(),
    accepted: counters.accepted(),
    landed: [...ledger.history.all()].map(({ signature, slot, outcome, source }) => ({
      signature,
      slot,
      err: outcome.error,
      source,
    })),
    pending: ledger.pendingCount(),
    sockets,
    faults: faults.list(),
  };
}

/** The report as the control endpoint writes it. */
export function reportToJson(report: Report): JsonObject {
  return {
    ...report,
    accepted: report.accepted.map((item) => ({ ...item })),
    landed: report.landed.map((item) => ({ ...item })),
    faults: report.faults.map(faultToJson),
  };
}
