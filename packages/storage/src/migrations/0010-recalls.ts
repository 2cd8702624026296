import type { Migration } from './migration.ts';

/**
 * Taking funds back to the owner (08 §2.5): recalls, the addresses they may go to, and the ends of agents. The transactions
 * of a recall name it; no limit counts them.
 */
export const recalls: Migration = {
  version: 10,
  name: 'recalls',
  sql: `
CREATE TABLE recalls (
  id TEXT PRIMARY KEY NOT NULL,
  agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
  kind TEXT NOT NULL CHECK (kind IN ('MANUAL', 'TERMINATION')),
  destination TEXT NOT NULL,
  include_unlisted INTEGER NOT NULL CHECK (include_unlisted IN (0, 1)),
  keep_gas INTEGER NOT NULL CHECK (keep_gas IN (0, 1)),
  requested_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('PENDING', 'EXECUTING', 'COMPLETED', 'PARTIAL', 'FAILED')),
  started_at INTEGER,
  ended_at INTEGER,
  error TEXT,
  remaining TEXT CHECK (remaining IS NULL OR json_valid(remaining)),
  version INTEGER NOT NULL CHECK (version >= 1),
  seal TEXT NOT NULL,
  CHECK ((status IN ('COMPLETED', 'PARTIAL', 'FAILED')) = (ended_at IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX idx_recalls_single ON recalls (agent_id) WHERE status IN ('PENDING', 'EXECUTING');
CREATE INDEX idx_recalls_agent ON recalls (agent_id, id);
CREATE TRIGGER recalls_fixed
BEFORE UPDATE OF id, agent_id, kind, destination, include_unlisted, keep_gas, requested_by, created_at ON recalls
BEGIN SELECT RAISE(ABORT, 'what a recall is for never changes'); END;
CREATE TRIGGER recalls_start_pending BEFORE INSERT ON recalls
WHEN NEW.status <> 'PENDING' OR NEW.version <> 1 OR NEW.seal = ''
BEGIN SELECT RAISE(ABORT, 'a recall starts as PENDING, and sealed'); END;
CREATE TRIGGER recalls_move_on BEFORE UPDATE OF status, started_at, ended_at, error, remaining, version, seal ON recalls
WHEN NEW.version <> OLD.version + 1 OR NEW.seal = OLD.seal
BEGIN SELECT RAISE(ABORT, 'a recall changes by its next sealed state only'); END;
CREATE TRIGGER recalls_stay_ended BEFORE UPDATE OF status ON recalls
WHEN (OLD.status, NEW.status) NOT IN (VALUES ('PENDING', 'EXECUTING'), ('PENDING', 'FAILED'), ('EXECUTING', 'COMPLETED'), ('EXECUTING', 'PARTIAL'), ('EXECUTING', 'FAILED'))
BEGIN SELECT RAISE(ABORT, 'illegal state transition'); END;
CREATE TRIGGER recalls_no_delete BEFORE DELETE ON recalls
BEGIN SELECT RAISE(ABORT, 'recalls are kept'); END;

CREATE TABLE recovery_addresses (
  agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
  version INTEGER NOT NULL CHECK (version >= 1),
  address TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  active_from INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  seal TEXT NOT NULL,
  PRIMARY KEY (agent_id, version)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER recovery_addresses_no_update BEFORE UPDATE ON recovery_addresses
BEGIN SELECT RAISE(ABORT, 'recovery_addresses is append-only'); END;
CREATE TRIGGER recovery_addresses_no_delete BEFORE DELETE ON recovery_addresses
BEGIN SELECT RAISE(ABORT, 'recovery_addresses is append-only'); END;

CREATE TABLE terminations (
  agent_id TEXT PRIMARY KEY NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
  requested_by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  waived TEXT NOT NULL CHECK (json_valid(waived)),
  version INTEGER NOT NULL CHECK (version >= 1),
  seal TEXT NOT NULL,
  alerted_at INTEGER,
  ended_at INTEGER,
  seen TEXT CHECK (seen IS NULL OR json_valid(seen))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER terminations_identity BEFORE UPDATE OF agent_id, requested_by, created_at ON terminations
BEGIN SELECT RAISE(ABORT, 'the identity of a termination never changes'); END;
CREATE TRIGGER terminations_waiver_versions BEFORE UPDATE OF waived, version, seal ON terminations
WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a waiver changes by its next version only'); END;
CREATE TRIGGER terminations_no_delete BEFORE DELETE ON terminations
BEGIN SELECT RAISE(ABORT, 'terminations are kept'); END;

ALTER TABLE transactions ADD COLUMN recall_id TEXT REFERENCES recalls (id) ON DELETE RESTRICT;
CREATE INDEX idx_transactions_recall ON transactions (recall_id) WHERE recall_id IS NOT NULL;
CREATE TRIGGER transactions_recall_fixed BEFORE UPDATE OF recall_id ON transactions
BEGIN SELECT RAISE(ABORT, 'an admitted intent never changes'); END;
-- Who has ended does not come back, and only what is ending ends.
CREATE TRIGGER agents_end_for_good BEFORE UPDATE OF status ON agents
WHEN (OLD.status = 'TERMINATED' AND NEW.status <> 'TERMINATED')
  OR (OLD.status = 'TERMINATING' AND NEW.status NOT IN ('TERMINATING', 'TERMINATED'))
  OR (NEW.status = 'TERMINATED' AND OLD.status NOT IN ('TERMINATING', 'TERMINATED'))
BEGIN SELECT RAISE(ABORT, 'illegal state of an agent'); END;
`,
};
