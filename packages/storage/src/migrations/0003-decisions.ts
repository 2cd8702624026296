import type { Migration } from './migration.ts';

/** Records of decisions (04 §10, 09 no. 9), and the index that rate limits are counted by. */
export const decisions: Migration = {
  version: 3,
  name: 'decisions',
  sql: `
CREATE TABLE decisions (
  tx_id TEXT PRIMARY KEY NOT NULL REFERENCES transactions (id) ON DELETE RESTRICT,
  decided_at INTEGER NOT NULL,
  session_criteria TEXT NOT NULL CHECK (json_valid(session_criteria)),
  decision TEXT CHECK (decision IS NULL OR json_valid(decision)),
  facts TEXT CHECK (facts IS NULL OR json_valid(facts)),
  policies TEXT NOT NULL CHECK (json_valid(policies)),
  seal TEXT NOT NULL,
  CHECK ((decision IS NULL) = (facts IS NULL))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions is append-only'); END;
CREATE INDEX idx_transactions_recent ON transactions (agent_id, created_at) WHERE status NOT IN ('CANCELLED', 'EXPIRED');
`,
};
