import { chmodSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import type { Connection } from './connection.ts';
import type { SystemStateKey } from './tables/system-state.ts';

const MARK: SystemStateKey = 'restored_copy';

/**
 * Copies what is committed into a file of its own, readable for its owner only. The copy says of itself that it is one, so
 * that a daemon that finds it in the place of its database knows: what was paid since is not in it.
 *
 * @param to must not exist
 * @param madeAt ISO 8601
 */
export function writeMarkedCopy(connection: Connection, to: string, madeAt: string): void {
  connection.prepare('VACUUM INTO ?').run(to);
  chmodSync(to, 0o600);
  const copy = new BetterSqlite3(to, { fileMustExist: true });
  try {
    copy.pragma('synchronous = FULL');
    copy
      .prepare('INSERT OR REPLACE INTO system_state (key, value, updated_at) VALUES (?, ?, ?)')
      .run(MARK, JSON.stringify({ madeAt }), Math.floor(Date.parse(madeAt) / 1000));
  } finally {
    copy.close();
  }
}
