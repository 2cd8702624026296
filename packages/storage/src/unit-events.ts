import type { NotificationEvent } from '@waiaas/core';
import type { Db } from './query-executor.ts';

/** Stores an event in a unit of work. */
export type Notify = (event: NotificationEvent) => Promise<void>;

/** How the units of work that are under way store events, by their access to the database. */
const byAccess = new WeakMap<Db, Notify>();

/** Says how a unit of work stores events. */
export const bindEvents = (db: Db, notify: Notify): void => void byAccess.set(db, notify);

/**
 * Stores an event through the access of a unit of work, for what is handed nothing else; the same as the unit's `notify`.
 * @throws Error when it is not the access of a unit of work: then there would be nothing to store it with
 */
export function notifyBy(db: Db, event: NotificationEvent): Promise<void> {
  const notify = byAccess.get(db);
  if (notify === undefined) throw new Error('Only a unit of work can notify');
  return notify(event);
}
