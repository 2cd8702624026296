import { nodeFileSystem } from './file-system.ts';
import type { KeystoreOptions, KeystoreParts } from './keystore.ts';
import { openKeystore } from './open-keystore.ts';

/**
 * A keystore on a folder, locked, with its gate closed. Does not touch the folder yet.
 *
 * @throws RangeError when the Argon2 parameters are out of range
 * @example
 * const { keystore, permits, gate } = createKeystore({ directory, clock: systemClock, logger, argon2 });
 * await keystore.unlock(password);
 * gate.open();
 * const { epoch } = gate; // while it is decided
 * const signature = keystore.sign(permits.mint({ agentId, intentHash, epoch }), message);
 */
export const createKeystore = (options: KeystoreOptions): KeystoreParts => openKeystore(options, nodeFileSystem);
