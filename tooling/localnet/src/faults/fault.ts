/** Limits a fault to one method and to the next so many calls; without them it hits every call until reset. */
interface Scope {
  /** A method name; every method when absent. */
  readonly method?: string;
  /** Calls it hits before it switches itself off. */
  readonly times?: number;
}

/** Like {@link Scope}, for faults that concern one method only anyway. */
type Times = Pick<Scope, 'times'>;

/** One misbehaviour of the node. */
export type Fault =
  /** Answers late by `ms` milliseconds. */
  | ({ readonly type: 'delay'; readonly ms: number } & Scope)
  /** Answers with an HTTP status and does not execute the call. */
  | ({ readonly type: 'httpError'; readonly status: number; readonly retryAfterSeconds?: number } & Scope)
  /** Answers with a JSON-RPC error and does not execute the call. */
  | ({ readonly type: 'rpcError'; readonly code: number; readonly message?: string } & Scope)
  /** Executes the call, then destroys the connection instead of answering. */
  | ({ readonly type: 'dropReply' } & Scope)
  /** Executes the call and never answers, connection open. */
  | ({ readonly type: 'withholdReply' } & Scope)
  /** Destroys the connection instead of executing the call. */
  | ({ readonly type: 'reset' } & Scope)
  /** Accepts the connection, neither executes nor answers. */
  | ({ readonly type: 'hang' } & Scope)
  /** An accepted transaction lands only `slots` slots later, and only if its blockhash still allows unless told. */
  | ({ readonly type: 'landLate'; readonly slots: number; readonly evenIfExpired?: boolean } & Times)
  /** An accepted transaction never lands. */
  | ({ readonly type: 'landNever' } & Times)
  /** getSignatureStatuses knows nothing, like a lagging node. */
  | ({ readonly type: 'hideStatuses' } & Times)
  /** getGenesisHash answers as another cluster would. */
  | { readonly type: 'genesisHash'; readonly hash: string }
  /** getRecentPrioritizationFees reports at least this price, in micro-lamports per compute unit. */
  | { readonly type: 'priorityFee'; readonly microLamports: bigint }
  /** New WebSocket connections are refused with HTTP 503. */
  | { readonly type: 'refuseSockets' }
  /** Subscriptions are accepted and never notify. */
  | { readonly type: 'muteNotifications' };

/** The name of a fault. */
export type FaultType = Fault['type'];

/** The fault of one type. */
export type FaultOf<T extends FaultType> = Extract<Fault, { readonly type: T }>;
