import { isWaiaasError, type Logger } from '@waiaas/core';
import type { Keystore, KeystoreFileFault } from '@waiaas/keystore';
import type { KillSwitch } from './kill-switch/index.ts';

/** What the check of the keystore works with. */
export interface KeystoreIntegrityDependencies {
  readonly vault: Pick<Keystore, 'isUnlocked' | 'checkFiles'>;
  readonly killSwitch: Pick<KillSwitch, 'activate'>;
  readonly logger: Logger;
}

/** Files that a reason names; more are counted. */
const NAMED = 5;

function reasonOf(faults: readonly KeystoreFileFault[]): string {
  const named = faults.slice(0, NAMED).map(({ file, fault }) => `${file} ${fault}`);
  const more = faults.length > NAMED ? ` and ${faults.length - NAMED} more` : '';
  return `integrity_check_failed: ${named.join(', ')}${more}`;
}

/**
 * Compares the keystore's files with the keys in memory and stops everything when somebody has changed or removed one
 * (05 §3.2). A disk that does not answer stops nothing: it is asked again.
 *
 * @throws WaiaasError STORAGE_UNAVAILABLE
 */
export async function checkKeystore({ vault, killSwitch, logger }: KeystoreIntegrityDependencies): Promise<void> {
  if (!vault.isUnlocked) return;
  try {
    const faults = await vault.checkFiles();
    if (faults.length === 0) return;
    logger.error({ faults: faults.slice(0, NAMED) }, 'Files of the keystore are missing, or somebody has changed them');
    await killSwitch.activate(reasonOf(faults), { by: 'system' });
  } catch (error) {
    // Stopped meanwhile, by somebody else: then there is nothing left to stop.
    if (!isWaiaasError(error, 'KEYSTORE_LOCKED') && !isWaiaasError(error, 'KILL_SWITCH_ACTIVE')) throw error;
  }
}
