import type { Migration } from './migration.ts';

/** Schema that first had a head of the auto-stop rules. */
export const AUTO_STOP_SCHEMA = 14;

/** The head of the auto-stop rules: one sealed row that says which versions there are, so that a removed one shows (00 §3). */
export const autoStop: Migration = {
  version: AUTO_STOP_SCHEMA,
  name: 'auto-stop',
  sql: `
CREATE TABLE auto_stop_head (
  id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
  version INTEGER NOT NULL CHECK (version >= 1),
  seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER auto_stop_head_moves_on BEFORE UPDATE ON auto_stop_head
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'the auto-stop rules change by the next version only'); END;
CREATE TRIGGER auto_stop_head_no_delete BEFORE DELETE ON auto_stop_head
BEGIN SELECT RAISE(ABORT, 'the head of the auto-stop rules is kept'); END;
CREATE TRIGGER auto_stop_rules_identity BEFORE UPDATE ON auto_stop_rules
WHEN NEW.id IS NOT OLD.id OR NEW.agent_id IS NOT OLD.agent_id OR NEW.type IS NOT OLD.type OR NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'an auto-stop rule changes by its next version only'); END;
`,
};
