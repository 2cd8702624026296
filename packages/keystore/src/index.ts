export { createKeystore } from './create-keystore.ts';
export type { KeyFileInfo } from './key-file.ts';
export type {
  KeyCarrier,
  KeyImport,
  Keystore,
  KeystoreFileFault,
  KeystoreOptions,
  KeystoreParts,
  NewKey,
} from './keystore.ts';
export { KeystoreError, type KeystoreErrorCode } from './keystore-error.ts';
export type { MasterKeyWrapper, WrappedMasterKey } from './master-key-wrapper.ts';
export { passwordProblem } from './password.ts';
export type { PermitMint, PermitRequest, SigningGate, SigningPermit } from './signing-permit.ts';
