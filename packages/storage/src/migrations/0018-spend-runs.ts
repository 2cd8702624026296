import type { Migration } from './migration.ts';

/**
 * Each row of the ledger says which run of the daemon has appended it: rows of the time after a backup was made, which are no
 * part of what has been spent since it was put back, are told from those that are. Empty in rows from before.
 */
export const spendRuns: Migration = {
  version: 18,
  name: 'spend-runs',
  sql: `
ALTER TABLE spend_ledger ADD COLUMN run TEXT NOT NULL DEFAULT '';
DROP TRIGGER spend_ledger_no_update;
CREATE TRIGGER spend_ledger_no_update BEFORE UPDATE ON spend_ledger
WHEN OLD.seal <> '' OR NEW.seq IS NOT OLD.seq OR NEW.agent_id IS NOT OLD.agent_id OR NEW.asset IS NOT OLD.asset
  OR NEW.settled_at IS NOT OLD.settled_at OR NEW.tx_id IS NOT OLD.tx_id OR NEW.amount IS NOT OLD.amount
  OR NEW.cumulative IS NOT OLD.cumulative OR NEW.run IS NOT OLD.run OR NEW.seal = ''
BEGIN SELECT RAISE(ABORT, 'spend_ledger is append-only'); END;
`,
};
