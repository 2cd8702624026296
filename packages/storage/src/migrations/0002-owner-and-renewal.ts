import type { Migration } from './migration.ts';

/**
 * Renewal of sessions (03 §13), and the head of the owner's record: one sealed row that says which owner is connected, so
 * that removing the owner's row or putting an older one back shows (00 §3).
 */
export const ownerAndRenewal: Migration = {
  version: 2,
  name: 'owner and renewal',
  sql: `
ALTER TABLE sessions ADD COLUMN renewal_count INTEGER NOT NULL DEFAULT 0 CHECK (renewal_count >= 0);
ALTER TABLE sessions ADD COLUMN last_renewed_at INTEGER;
-- 0 marks sessions from before there were renewals; they cannot be renewed.
ALTER TABLE sessions ADD COLUMN absolute_expires_at INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER sessions_absolute_end_fixed BEFORE UPDATE OF absolute_expires_at ON sessions
WHEN NEW.absolute_expires_at IS NOT OLD.absolute_expires_at
BEGIN SELECT RAISE(ABORT, 'the absolute end of a session never changes'); END;
CREATE TRIGGER sessions_stay_over BEFORE UPDATE OF token_hash, expires_at ON sessions
WHEN OLD.revoked_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a revoked session is not renewed'); END;

CREATE TABLE owner_head (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  version INTEGER NOT NULL CHECK (version >= 1),
  owner_id TEXT,
  seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER owner_head_moves_on BEFORE UPDATE ON owner_head
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'the owner changes by the next version only'); END;
CREATE TRIGGER owner_head_no_delete BEFORE DELETE ON owner_head
BEGIN SELECT RAISE(ABORT, 'the head of the owner is kept'); END;
`,
};
