import type { Migration } from './migration.ts';

/**
 * Every state of a transaction under its own seal (00 §3). The database itself refuses a change that comes without one,
 * whichever statement makes it; only forgetting the session, which a cleanup does, is no change of state.
 */
export const sealedStates: Migration = {
  version: 8,
  name: 'sealed states',
  sql: `
ALTER TABLE transactions ADD COLUMN claimed_at INTEGER;
ALTER TABLE transactions ADD COLUMN state_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE transactions ADD COLUMN state_seal TEXT NOT NULL DEFAULT '';
CREATE TRIGGER transactions_start_sealed BEFORE INSERT ON transactions
WHEN NEW.state_version <> 1 OR NEW.state_seal = ''
BEGIN SELECT RAISE(ABORT, 'a transaction starts with a sealed state'); END;
CREATE TRIGGER transactions_state_moves_on BEFORE UPDATE OF status, tier, reserved_amount, policy_id, policy_version,
  delay_seconds, approval_timeout_seconds, queued_at, execute_after, approval_expires_at, claimed_at, submitted_at, executed_at,
  tx_hash, last_valid_block_height, signed_tx, late_check_at, error, metadata, state_version, state_seal ON transactions
WHEN NEW.state_version <> OLD.state_version + 1 OR NEW.state_seal = OLD.state_seal
BEGIN SELECT RAISE(ABORT, 'a transaction changes by its next sealed state only'); END;
`,
};
