import { AUDIT_CHAIN_START, type AuditRow, auditLink } from '../audit-chain.ts';
import type { Connection } from '../connection.ts';
import type { Migration } from './migration.ts';

/** Rows from before there was a chain get their links: from here on a change of them shows as well. */
function linkExistingRows(connection: Connection): void {
  const rows = connection.prepare<[number], AuditRow>('SELECT * FROM audit_log WHERE id > ? ORDER BY id LIMIT 1000');
  const set = connection.prepare('UPDATE audit_log SET hash = ? WHERE id = ?');
  let previous = AUDIT_CHAIN_START;
  let last = Number.MIN_SAFE_INTEGER;
  for (let page = rows.all(last); page.length > 0; page = rows.all(last)) {
    for (const row of page) {
      previous = auditLink(previous, row);
      set.run(previous, row.id);
      last = row.id;
    }
  }
}

/** Schema that first had links and a head. */
export const AUDIT_CHAIN_SCHEMA = 6;

/** Links of the audit log (05, 08 §2.7.6), and the sealed head that shows where it ends. */
export const auditChain: Migration = {
  version: AUDIT_CHAIN_SCHEMA,
  name: 'audit chain',
  sql: `
DROP TRIGGER audit_log_no_update;
ALTER TABLE audit_log ADD COLUMN hash TEXT NOT NULL DEFAULT '';

CREATE TABLE audit_head (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  version INTEGER NOT NULL CHECK (version >= 1),
  audit_id INTEGER NOT NULL,
  hash TEXT NOT NULL CHECK (length(hash) = 64),
  sealed_at INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_head_moves_on BEFORE UPDATE ON audit_head
WHEN NEW.version <> OLD.version + 1 OR NEW.audit_id <= OLD.audit_id
BEGIN SELECT RAISE(ABORT, 'the head of the audit log only moves on'); END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the head of the audit log is kept'); END;
`,
  finish(connection) {
    linkExistingRows(connection);
    connection.exec(`
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
`);
  },
};
