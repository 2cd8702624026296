/** What the seal of a set holds of each of its rows. */
export interface SetMember {
  readonly id: string;
  readonly version: number;
  readonly seal: string;
}

/** What a change makes of a set: rows that are in it from now on as they are here, and rows that no longer are. */
export interface SetChange {
  readonly stored?: readonly SetMember[];
  readonly left?: readonly string[];
}

/** After a change, the database holds something else than what was written to it. */
export class NotAsWritten extends Error {
  override readonly name = 'NotAsWritten';
  constructor(what: string) {
    super(`Somebody else has changed the ${what} while this daemon did`);
  }
}

const member = ({ id, version, seal }: SetMember): SetMember => ({ id, version, seal });

/**
 * A set after a change, by id: made of the rows that were found authentic before it and of what was written, never of what
 * the database answers afterwards. To seal that would make genuine whatever a trigger has put in the place of the change.
 */
export function changedSet(before: readonly SetMember[], { stored = [], left = [] }: SetChange): readonly SetMember[] {
  const members = new Map(before.map((row) => [row.id, member(row)]));
  for (const row of stored) members.set(row.id, member(row));
  for (const id of left) members.delete(id);
  return [...members.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** @throws NotAsWritten unless what is read back is what was to be there */
export function assertAsWritten(what: string, expected: readonly SetMember[], found: readonly SetMember[]): void {
  const wanted = new Map(expected.map((row) => [row.id, row]));
  const same = ({ id, version, seal }: SetMember): boolean =>
    wanted.get(id)?.version === version && wanted.get(id)?.seal === seal;
  if (found.length !== expected.length || !found.every(same)) throw new NotAsWritten(what);
}
