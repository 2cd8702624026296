import type { Migration } from './migration.ts';

/** Records of what was decided when a payment left the queue: carried out, or no longer allowed (09 no. 9). */
export const claimDecisions: Migration = {
  version: 13,
  name: 'claim decisions',
  sql: `
CREATE TABLE claim_decisions (
  tx_id TEXT PRIMARY KEY NOT NULL REFERENCES transactions (id) ON DELETE RESTRICT,
  decided_at INTEGER NOT NULL,
  refusal TEXT,
  decision TEXT CHECK (decision IS NULL OR json_valid(decision)),
  facts TEXT CHECK (facts IS NULL OR json_valid(facts)),
  policies TEXT NOT NULL CHECK (json_valid(policies)),
  seal TEXT NOT NULL,
  CHECK (decision IS NULL OR (facts IS NOT NULL AND refusal IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER claim_decisions_no_update BEFORE UPDATE ON claim_decisions
BEGIN SELECT RAISE(ABORT, 'claim_decisions is append-only'); END;
CREATE TRIGGER claim_decisions_no_delete BEFORE DELETE ON claim_decisions
BEGIN SELECT RAISE(ABORT, 'claim_decisions is append-only'); END;
`,
};
