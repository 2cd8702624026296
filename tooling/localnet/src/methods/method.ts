import type { Counters } from '../faults/counters.ts';
import type { FaultBook } from '../faults/fault-book.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Params } from '../rpc/params.ts';

/** What the methods work on. */
export interface Node {
  readonly ledger: Ledger;
  readonly faults: FaultBook;
  readonly counters: Counters;
  readonly genesisHash: string;
}

/** One JSON-RPC method. @throws RpcError for everything the caller did wrong */
export type Method = (node: Node, params: Params) => JsonValue;

/** Methods by name. */
export type MethodTable = Readonly<Record<string, Method>>;
