import { type Clock, type RowSealer, type SealedContent, unixSeconds } from '@waiaas/core';
import {
  type Db,
  findAudit,
  isAuditHeadAuthentic,
  readAuditHead,
  readState,
  type Storage,
  writeState,
} from '@waiaas/storage';
import { z } from 'zod';
import { findUnansweredRestore } from './unanswered-restore.ts';

/** A row of the audit log at which the kill switch was not engaged, with the link of all rows up to it. */
export interface NormalMark {
  readonly auditId: number;
  readonly hash: string;
}

const storedSchema = z.strictObject({
  auditId: z.int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  seal: z.string(),
});

const contentOf = ({ auditId, hash }: NormalMark): SealedContent => ({
  kind: 'normal_mark',
  id: 'audit_log',
  version: auditId,
  payload: hash,
});

/** Keeps the mark of where the kill switch was last not engaged. */
export interface NormalMarker {
  /**
   * Moves the mark on, where there is something new and the kill switch is not engaged. Never past a backup that was put back
   * and that nobody has recovered from: the next start has to find that. Run every minute, and before the gate closes for good.
   */
  keep(): Promise<void>;
}

/**
 * Makes what notes, under a seal, how far the audit log has come while the kill switch is not engaged. The next start reads
 * all that came after it, so it need not read all that was before. An older mark in the place of a newer one makes it read
 * more, and believe nothing else.
 *
 * @param isNormal whether the kill switch is not engaged, as this process knows
 */
export function createNormalMarker(dependencies: {
  readonly storage: Storage;
  readonly sealer: RowSealer;
  readonly clock: Clock;
  readonly isNormal: () => boolean;
}): NormalMarker {
  const { storage, sealer, clock, isNormal } = dependencies;
  let marked = 0;
  return {
    async keep() {
      if (!isNormal() || (await readAuditHead(storage.read))?.audit_id === marked) return;
      await storage.write(async ({ db }) => {
        const head = await readAuditHead(db);
        // Asked within the unit: nothing that says that it is engaged is written before this is false. A head of somebody
        // else is put under no seal.
        if (head === undefined || !isNormal() || !isAuditHeadAuthentic(sealer, head)) return;
        const before = marked === 0 ? await readNormalRow(db, sealer) : marked;
        if ((await findUnansweredRestore(db, before)) !== undefined) return;
        const mark = { auditId: head.audit_id, hash: head.hash };
        const seal = sealer.seal(contentOf(mark));
        await writeState(db, 'kill_switch_normal_mark', { ...mark, seal }, unixSeconds(clock));
        marked = head.audit_id;
      });
    },
  };
}

/** The mark; null where there is none, or another one than a daemon with this vault has made. */
export async function readNormalMark(db: Db, sealer: RowSealer): Promise<NormalMark | null> {
  const stored = storedSchema.safeParse(await readState(db, 'kill_switch_normal_mark'));
  if (!stored.success) return null;
  const { seal, ...mark } = stored.data;
  return sealer.verify(contentOf(mark), seal) ? mark : null;
}

/** Id of the row that the mark is at; 0 where no mark of this log says so, and all of it counts. */
export async function readNormalRow(db: Db, sealer: RowSealer): Promise<number> {
  const mark = await readNormalMark(db, sealer);
  return mark !== null && (await findAudit(db, mark.auditId))?.hash === mark.hash ? mark.auditId : 0;
}

/**
 * The same as it is stored, with the vault locked: whoever can write the database may have written it, so that it can tell
 * where to look first, and decides nothing.
 */
export async function readClaimedNormalRow(db: Db): Promise<number> {
  const stored = storedSchema.safeParse(await readState(db, 'kill_switch_normal_mark'));
  return stored.success ? stored.data.auditId : 0;
}
