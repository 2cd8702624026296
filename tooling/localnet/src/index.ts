export type { AcceptedSignature } from './faults/counters.ts';
export type { Fault, FaultOf, FaultType } from './faults/fault.ts';
export { LOCALNET_GENESIS_HASH } from './genesis-hash.ts';
export type { TransactionSource } from './ledger/landed-transaction.ts';
export type { TransactionError } from './ledger/transaction-error.ts';
export { PortInUseError } from './listen.ts';
export { type Localnet, startLocalnet } from './localnet.ts';
export type { LocalnetOptions } from './options.ts';
export type { LandedSummary, Report } from './report.ts';
