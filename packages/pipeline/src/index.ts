export type { BudgetSession } from './budget.ts';
export type { DailyUse } from './daily-use.ts';
export { createDecisionRecords, type DecisionRecords, type ReplayReport } from './decision-record.ts';
export type {
  AdapterProvider,
  Gate,
  KeyArchive,
  OwnerReach,
  PipelineDependencies,
  Signer,
  Timers,
  Watchfulness,
} from './dependencies.ts';
export { sealEarlierAgents } from './earlier-agents.ts';
export { sealEarlierLedger } from './earlier-ledger.ts';
export { sealEarlierTransactions } from './earlier-transactions.ts';
export { createPipeline, type Pipeline } from './pipeline.ts';
export type { RecoveryReport } from './recovery.ts';
export type { PayingSession, TransferBody } from './requested-payment.ts';
export type { SendOptions } from './send.ts';
export { DEFAULT_PIPELINE_SETTINGS, type PipelineSettings, type ReplacementSettings } from './settings.ts';
export type { ListQuery } from './transaction-queries.ts';
export { transactionView } from './transaction-view.ts';
