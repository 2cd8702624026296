/** Kinds of row that grant or limit power, or speak in the daemon's name, and so carry a seal (00 §3). */
export const SEALED_KINDS = [
  'policy',
  'policy_set',
  'session',
  'session_set',
  'intent',
  'transaction',
  'spend',
  'head',
  'decision',
  'claim_decision',
  'owner',
  'owner_head',
  'auto_stop_rule',
  'auto_stop_rules',
  'audit_head',
  'recall',
  'recovery_address',
  'termination',
  'settings',
  'normal_mark',
  'notification',
] as const;
/** Kind of sealed row. */
export type SealedKind = (typeof SEALED_KINDS)[number];

/** What a seal covers: the row's identity, its version and its canonical encoding. */
export interface SealedContent {
  readonly kind: SealedKind;
  readonly id: string;
  /** Version of the row, so that an older sealed row cannot stand in for a newer one of another version. */
  readonly version: number;
  /** Canonical encoding of everything in the row that grants or limits power. */
  readonly payload: string;
}

/**
 * Seals rows under a key that only the vault holds. Someone who can write the database file but has not the vault
 * cannot make a seal (00 §3, "Rows that grant or limit power are sealed").
 */
export interface RowSealer {
  /** MAC over the content, base64url. @throws WaiaasError KEYSTORE_LOCKED before the vault was first opened. */
  seal(content: SealedContent): string;
  /** Whether a seal belongs to the content. False for anything malformed; a vault that was not opened yet throws KEYSTORE_LOCKED. */
  verify(content: SealedContent, seal: string): boolean;
}
