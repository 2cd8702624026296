import { type Clock, unixSeconds } from '@waiaas/core';
import { appendAudit, type Db, findLastAudit, readState, removeState, type Storage } from '@waiaas/storage';
import { z } from 'zod';

const markSchema = z.looseObject({ madeAt: z.string() });
const detailsSchema = z.looseObject({ backupOf: z.string() });

/**
 * Puts on record that the database is a copy that was put back, where it says so itself: whoever has unpacked a backup by
 * hand has left no note. Once; what the command that puts backups back has noted of the same copy is enough.
 *
 * To be called after notes were taken, and before anything is signed or served.
 */
export async function recordRestoredCopy(storage: Storage, clock: Clock): Promise<void> {
  if ((await readState(storage.read, 'restored_copy')) === undefined) return;
  await storage.write(async ({ db }) => {
    const mark = markSchema.safeParse(await readState(db, 'restored_copy'));
    const backupOf = mark.success ? mark.data.madeAt : null;
    if (backupOf === null || (await recordedLast(db)) !== backupOf) {
      const details = { backupOf, how: 'by hand' };
      await appendAudit(db, unixSeconds(clock), { event: 'BACKUP_RESTORED', actor: 'system', details });
    }
    await removeState(db, 'restored_copy');
  });
}

/** Of when the backup is that was put back last. No copy knows of its own being put back, so that it was this one. */
async function recordedLast(db: Db): Promise<string | null> {
  const last = await findLastAudit(db, ['BACKUP_RESTORED']);
  const details = detailsSchema.safeParse(last === undefined ? null : JSON.parse(last.details));
  return details.success ? details.data.backupOf : null;
}
