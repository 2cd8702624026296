import type { Db } from '../query-executor.ts';
import { findLastAudit } from './audit-log.ts';

/**
 * Which version of the settings was stored last, as the audit log has it: 0 before the first, null where its row cannot be
 * read. Asked only where the head of what holds for all does not say it: it may read the whole log.
 */
export async function recordedSettingsVersion(db: Db): Promise<number | null> {
  const last = await findLastAudit(db, ['SETTINGS_UPDATED']);
  return last === undefined ? 0 : versionOf(last.details);
}

function versionOf(details: string): number | null {
  try {
    const recorded: unknown = JSON.parse(details);
    if (typeof recorded !== 'object' || recorded === null || !('version' in recorded)) return null;
    const { version } = recorded;
    return typeof version === 'number' && Number.isSafeInteger(version) ? version : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
