import { type Clock, unixSeconds } from '@waiaas/core';
import { readAuditHead, readState, type Storage, writeState } from '@waiaas/storage';
import { anchorLine } from './anchor-lines.ts';

/** What telling the head works with. */
export interface HeadTellerDependencies {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Time between two heads, seconds. */
  readonly interval: number;
}

/**
 * Sends the sealed end of the audit log to the owner now and then, over the channels that tell everything else: what is in
 * their messages is out of reach of whoever can write the disk of the daemon, the file of heads included.
 */
export interface HeadTeller {
  /** Tells the present head once its time has come. Run every minute. */
  run(): Promise<void>;
}

/** Makes what tells the head. */
export function createHeadTeller({ storage, clock, interval }: HeadTellerDependencies): HeadTeller {
  return {
    async run() {
      const now = unixSeconds(clock);
      const told = await readState(storage.read, 'audit_head_told_at');
      if (typeof told === 'number' && told <= now && now - told < interval) return;
      await storage.write(async ({ db, notify }) => {
        const head = await readAuditHead(db);
        if (head === undefined) return;
        await writeState(db, 'audit_head_told_at', now, now);
        await notify({ event: 'AUDIT_HEAD', auditId: head.audit_id, line: anchorLine(head).trimEnd() });
      });
    },
  };
}
