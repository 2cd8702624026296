import { type AgentId, isAgentId, type RowSealer, type Tier, type TransactionStatus } from '@waiaas/core';
import type { OpenTransaction } from '../heads/head.ts';
import { headsOf } from '../heads/head-keeper.ts';
import type { Db } from '../query-executor.ts';
import { reportBrokenHead, reportBrokenTransaction } from './heads.ts';
import {
  type AuthenticTransaction,
  authenticTransaction,
  forgetUnreadable,
  isStillWaiting,
} from './transaction-states.ts';
import { findTransaction } from './transactions.ts';

/*
 * What ends payments goes by what the sealed heads say is open, never by what the rows say: whoever can write the file could
 * hide a payment from its end by a column, and put the column back when that is over.
 */

/** Which of what is open. Everything given narrows it. */
export interface OpenQuery {
  readonly statuses: readonly TransactionStatus[];
  readonly id?: string | undefined;
  readonly agentId?: AgentId | undefined;
  readonly sessionId?: string | undefined;
  readonly tier?: Tier | undefined;
}

interface OpenEntry {
  readonly id: string;
  readonly agentId: string;
  readonly status: TransactionStatus;
}

/**
 * What is open, by id, as the heads have it, whichever agents there are by now in the file. A head that cannot be believed is
 * reported: nothing of its agent is paid.
 */
async function listOpen(db: Db, now: number, query: OpenQuery): Promise<readonly OpenEntry[]> {
  const { statuses, id: only, agentId: ofAgent, sessionId, tier } = query;
  const isAskedFor = (id: string, open: OpenTransaction): boolean =>
    statuses.includes(open.status) &&
    (only === undefined || only === id) &&
    (sessionId === undefined || sessionId === open.sessionId) &&
    (tier === undefined || tier === open.tier);
  const heads = headsOf(db);
  const found: OpenEntry[] = [];
  for (const agentId of ofAgent === undefined ? heads.scopes().filter(isAgentId) : [ofAgent]) {
    const head = heads.read(agentId);
    if (head === null) {
      await reportBrokenHead(db, agentId, now);
      continue;
    }
    for (const [id, open] of head.open) if (isAskedFor(id, open)) found.push({ id, agentId, status: open.status });
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * What is open and still what the daemon wrote, by id. Everything else is reported; and what had only waited is over with
 * that: its agent's head forgets it, so that nothing that is put back into the file is paid after what was to end it. What was
 * begun stays open: its payment may be on the chain.
 *
 * @throws WaiaasError KEYSTORE_LOCKED when that cannot be told yet
 */
export async function takeOpen(
  db: Db,
  sealer: RowSealer,
  now: number,
  query: OpenQuery,
): Promise<readonly AuthenticTransaction[]> {
  const taken: AuthenticTransaction[] = [];
  for (const { id, agentId, status } of await listOpen(db, now, query)) {
    const row = await findTransaction(db, id);
    const authentic = row === undefined ? null : await authenticTransaction(db, sealer, row);
    if (authentic !== null) {
      taken.push(authentic);
      continue;
    }
    await reportBrokenTransaction(db, { id, agentId, status }, now);
    if (isStillWaiting(status)) await forgetUnreadable(db, agentId, id, now);
  }
  return taken;
}

/** The same of what waits to be begun: for whatever ends that. */
export const takeWaiting = (
  db: Db,
  sealer: RowSealer,
  now: number,
  which: Omit<OpenQuery, 'statuses'> = {},
): Promise<readonly AuthenticTransaction[]> => takeOpen(db, sealer, now, { ...which, statuses: ['PENDING', 'QUEUED'] });
