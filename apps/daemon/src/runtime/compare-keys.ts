import type { KeystoreParts } from '@waiaas/keystore';
import { listAgents, type Storage } from '@waiaas/storage';
import { StartFailure } from '../daemon-options.ts';

/** Compares key files with rows and says what does not fit; nothing is changed (01 §3.8). */
export async function compareKeys(
  storage: Storage,
  keystore: KeystoreParts['keystore'],
  warn: (text: string) => void,
): Promise<void> {
  const rows = new Map((await listAgents(storage.read)).map((row) => [row.id, row]));
  const loaded = new Set<string>();
  for (const file of await keystore.listKeyFiles()) {
    loaded.add(file.agentId);
    const row = rows.get(file.agentId);
    if (row === undefined) {
      warn(`Key file of agent ${file.agentId} has no agent; it is left as it is.`);
    } else if (row.public_key !== file.publicKey || row.chain !== file.chain || row.network !== file.network) {
      throw new StartFailure(`The key file of agent ${file.agentId} and its database row do not belong together.`, {
        exitCode: 1,
        code: 'KEY_MISMATCH',
        hint: 'Restore both from one backup.',
      });
    }
  }
  for (const row of rows.values()) {
    // The key of an agent that has ended, or is about to, is in the archive.
    const isArchived = row.status === 'TERMINATED' || row.status === 'TERMINATING';
    if (!loaded.has(row.id) && !isArchived)
      warn(`Agent ${row.name} (${row.id}) has no key file; its payments will fail.`);
  }
}
