export { AUDIT_CHAIN_START, type AuditRow, auditLink } from './audit-chain.ts';
export { type ConnectionSettings, DEFAULT_CONNECTION_SETTINGS } from './connection.ts';
export { copyDatabase, type DatabaseExamination, earlierSchema, examineDatabase } from './database-file.ts';
export type { Head, HeadDraft, LastSpend, Mark, OpenTransaction } from './heads/head.ts';
export { BrokenHead, headsOf, shareHeads } from './heads/head-keeper.ts';
export { GLOBAL_SCOPE } from './heads/scope.ts';
export { MigrationError, type MigrationReport } from './migrate.ts';
export { SESSION_SETS_SCHEMA } from './migrations/0007-session-sets.ts';
export { AUTO_STOP_SCHEMA } from './migrations/0014-auto-stop.ts';
export {
  type OpeningReport,
  openForReading,
  openStorage,
  type ReadingStorage,
  type Storage,
  type StorageFacts,
  type StorageOptions,
} from './open-storage.ts';
export type { Db } from './query-executor.ts';
export { rememberUntilWrite } from './remember-until-write.ts';
export type * from './schema.ts';
export { ForeignSchema } from './schema-guard.ts';
export {
  intentContent,
  isIntentAuthentic,
  isNotificationAuthentic,
  type SealedNotification,
} from './seals.ts';
export { accountRentSince, countAccountRent } from './tables/account-rents.ts';
export * from './tables/agent-activity.ts';
export * from './tables/agents.ts';
export * from './tables/audit-log.ts';
export * from './tables/audit-witnesses.ts';
export * from './tables/auto-stop-rules.ts';
export * from './tables/balance-samples.ts';
export * from './tables/dead-letters.ts';
export * from './tables/decisions.ts';
export * from './tables/head-adoption.ts';
export * from './tables/head-renewal.ts';
export * from './tables/heads.ts';
export * from './tables/ledger-check.ts';
export * from './tables/notification-channels.ts';
export * from './tables/notification-log.ts';
export * from './tables/notification-outbox.ts';
export * from './tables/open-transactions.ts';
export * from './tables/owner.ts';
export * from './tables/paid-between.ts';
export * from './tables/paid-today.ts';
export * from './tables/policies.ts';
export * from './tables/recalls.ts';
export * from './tables/reservations.ts';
export * from './tables/session-sets.ts';
export * from './tables/sessions.ts';
export * from './tables/settings-version.ts';
export * from './tables/spend-ledger.ts';
export * from './tables/system-state.ts';
export * from './tables/transaction-states.ts';
export * from './tables/transactions.ts';
export { displacesOf, isWatchedOnly, mergeMetadata, nonceOf, readMetadata } from './transaction-metadata.ts';
export {
  hashesOf,
  lastSignedAt,
  type SignedBytes,
  signedVariants,
  timesReplaced,
  variantsAtEnd,
} from './transaction-variants.ts';
export { notifyBy } from './unit-events.ts';
export type { UnitOfWork, WriteOptions } from './write-queue.ts';
