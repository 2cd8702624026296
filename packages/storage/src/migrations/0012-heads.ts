import type { Migration } from './migration.ts';

/**
 * One sealed head for each agent and one for all, and seals for the ledger, each over the row before it: what was put back to
 * an older state, or taken away, shows (00 §3).
 */
export const heads: Migration = {
  version: 12,
  name: 'heads',
  sql: `
CREATE TABLE heads (
  scope TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  content TEXT NOT NULL CHECK (json_valid(content)),
  audit_id INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER heads_move_on BEFORE UPDATE ON heads
WHEN NEW.scope IS NOT OLD.scope OR NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a head changes by its next version only'); END;
CREATE TRIGGER heads_no_delete BEFORE DELETE ON heads
BEGIN SELECT RAISE(ABORT, 'heads are kept'); END;

ALTER TABLE spend_ledger ADD COLUMN previous TEXT NOT NULL DEFAULT '';
ALTER TABLE spend_ledger ADD COLUMN seal TEXT NOT NULL DEFAULT '';
DROP TRIGGER spend_ledger_no_update;
CREATE TRIGGER spend_ledger_no_update BEFORE UPDATE ON spend_ledger
WHEN OLD.seal <> '' OR NEW.seq IS NOT OLD.seq OR NEW.agent_id IS NOT OLD.agent_id OR NEW.asset IS NOT OLD.asset
  OR NEW.settled_at IS NOT OLD.settled_at OR NEW.tx_id IS NOT OLD.tx_id OR NEW.amount IS NOT OLD.amount
  OR NEW.cumulative IS NOT OLD.cumulative OR NEW.seal = ''
BEGIN SELECT RAISE(ABORT, 'spend_ledger is append-only'); END;
`,
};
