import type { Migration } from './migration.ts';

/** Schema that first had sets of sessions. */
export const SESSION_SETS_SCHEMA = 7;

/** The seal over the sessions of an agent, so that a revoked or rolled back one shows (00 §3). */
export const sessionSets: Migration = {
  version: SESSION_SETS_SCHEMA,
  name: 'session-sets',
  sql: `
CREATE TABLE session_sets (
  agent_id TEXT PRIMARY KEY NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
  version INTEGER NOT NULL CHECK (version >= 1),
  seal TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER session_sets_move_on BEFORE UPDATE ON session_sets
WHEN NEW.agent_id IS NOT OLD.agent_id OR NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'the sessions of an agent change by their next version only'); END;
`,
};
