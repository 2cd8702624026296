/** Kinds of secret that the database holds encrypted. */
export const SECRET_KINDS = ['notification_channel', 'telegram_pairing'] as const;
/** Kind of encrypted secret. */
export type SecretKind = (typeof SECRET_KINDS)[number];

/** What an encrypted secret belongs to. It opens for exactly this and for nothing else. */
export interface SecretContext {
  readonly kind: SecretKind;
  readonly id: string;
  /** Version of the row, so that an older secret cannot stand in for a newer one. */
  readonly version: number;
  /** Canonical encoding of what stands beside the secret in the open and must not be changed behind its back. */
  readonly payload: string;
}

/**
 * Encrypts what must not lie in the database in the open, under a key that only the vault holds (05 §2.14). Whoever can
 * write the database file but has not the vault can neither read a secret nor put another one in its place.
 */
export interface SecretBox {
  /** The secret, encrypted, as JSON text. @throws WaiaasError KEYSTORE_LOCKED while the vault is locked. */
  encrypt(context: SecretContext, secret: string): string;
  /**
   * The secret again; null when the text was not made by `encrypt` for this very context.
   * @throws WaiaasError KEYSTORE_LOCKED while the vault is locked.
   */
  decrypt(context: SecretContext, encrypted: string): string | null;
}
