import { canonicalJson } from '@waiaas/core';
import { fileReader, parseJson, versionOf } from './file-reader.ts';
import type { MasterKeyWrapper, WrappedMasterKey } from './master-key-wrapper.ts';

/** Name of the file that holds the wrapped master key. It is also the check of the password when there is no agent. */
export const VAULT_FILE = 'vault.json';
const VERSION = 1;

/** What a vault says besides the wrapped key. */
export interface VaultHeader {
  /** ISO 8601, UTC; kept when the password changes. */
  readonly createdAt: string;
}

/** A vault as read: the wrapped key is still unchecked, its wrapper does that. */
export interface Vault extends VaultHeader {
  readonly wrapped: unknown;
}

/** What the wrapper binds the key to. */
export const vaultContext = (wrapper: MasterKeyWrapper, { createdAt }: VaultHeader): string =>
  canonicalJson({ version: VERSION, wrapper: wrapper.kind, createdAt });

/** Text of a vault. */
export const encodeVault = (wrapper: MasterKeyWrapper, header: VaultHeader, wrapped: WrappedMasterKey): string =>
  `${JSON.stringify(
    { version: VERSION, wrapper: wrapper.kind, createdAt: header.createdAt, crypto: wrapped },
    null,
    2,
  )}\n`;

/** Reads a vault strictly. @throws KeystoreError CORRUPT or UNSUPPORTED_VERSION */
export function parseVault(wrapper: MasterKeyWrapper, text: string): Vault {
  const read = fileReader(VAULT_FILE);
  const json = parseJson(VAULT_FILE, text);
  read.version(versionOf(json), VERSION);
  const fields = read.object(json, ['version', 'wrapper', 'createdAt', 'crypto']);
  read.literal(fields.wrapper, wrapper.kind);
  return { createdAt: read.time(fields.createdAt, 'createdAt'), wrapped: fields.crypto };
}
