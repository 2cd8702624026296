import { join } from 'node:path';
import { type AuditRow, auditLink } from '@waiaas/storage';
import BetterSqlite3 from 'better-sqlite3';

/** Appends a row to the audit log of a stopped daemon, linked as it should be, as whoever has the file and no vault can. */
export function appendLinked(dataDir: string, event: string): void {
  const raw = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
  try {
    const last = raw.prepare<[], AuditRow>('SELECT * FROM audit_log ORDER BY id DESC LIMIT 1').get();
    if (last === undefined) throw new Error('The log of a daemon has rows');
    const row = { ...last, id: last.id + 1, event_type: event, details: '{}' };
    const columns = Object.keys(row);
    const text = `INSERT INTO audit_log (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`;
    raw.prepare(text).run({ ...row, hash: auditLink(last.hash, row) });
  } finally {
    raw.close();
  }
}
