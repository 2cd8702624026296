import type { Migration } from './migration.ts';

/** Agents and payments on further EVM chains (02 §2.1). SQLite changes a CHECK by rebuilding its table. */
export const evmChains: Migration = {
  version: 9,
  name: 'evm-chains',
  rebuildsTables: true,
  sql: `
CREATE TABLE agents_next (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  chain TEXT NOT NULL CHECK (chain IN ('solana', 'ethereum', 'polygon', 'arbitrum', 'base')),
  network TEXT NOT NULL CHECK (network IN ('mainnet-beta', 'devnet', 'testnet', 'localnet', 'mainnet', 'sepolia', 'amoy')),
  public_key TEXT NOT NULL CHECK (public_key <> ''),
  status TEXT NOT NULL DEFAULT 'CREATING' CHECK (status IN ('CREATING', 'ACTIVE', 'SUSPENDED', 'TERMINATING', 'TERMINATED')),
  owner_address TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  suspended_at INTEGER,
  suspension_reason TEXT CHECK (suspension_reason IN ('kill_switch', 'policy_violation', 'manual', 'auto_stop')),
  CHECK ((status = 'SUSPENDED') = (suspended_at IS NOT NULL)),
  CHECK ((status = 'SUSPENDED') = (suspension_reason IS NOT NULL))
) STRICT;
INSERT INTO agents_next (
  id, name, chain, network, public_key, status, owner_address, created_at, updated_at, suspended_at,
  suspension_reason
) SELECT
  id, name, chain, network, public_key, status, owner_address, created_at, updated_at, suspended_at,
  suspension_reason
FROM agents ORDER BY rowid;
DROP TABLE agents;
ALTER TABLE agents_next RENAME TO agents;
CREATE UNIQUE INDEX idx_agents_public_key ON agents (public_key);
CREATE INDEX idx_agents_status ON agents (status);
CREATE INDEX idx_agents_chain_network ON agents (chain, network);
CREATE TABLE transactions_next (
  id TEXT PRIMARY KEY NOT NULL,
  agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
  session_id TEXT REFERENCES sessions (id) ON DELETE SET NULL,
  chain TEXT NOT NULL CHECK (chain IN ('solana', 'ethereum', 'polygon', 'arbitrum', 'base')),
  type TEXT NOT NULL CHECK (type IN ('TRANSFER', 'TOKEN_TRANSFER')),
  asset TEXT NOT NULL,
  amount TEXT NOT NULL CHECK (amount IS NULL OR (amount <> '' AND amount NOT GLOB '*[^0-9]*' AND (amount = '0' OR amount NOT GLOB '0*'))),
  to_address TEXT NOT NULL,
  memo TEXT,
  fee_priority TEXT NOT NULL CHECK (fee_priority IN ('low', 'medium', 'high')),
  status TEXT NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'QUEUED', 'EXECUTING', 'SUBMITTED', 'CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED')),
  tier TEXT CHECK (tier IN ('INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL')),
  reserved_amount TEXT CHECK (reserved_amount IS NULL OR (reserved_amount <> '' AND reserved_amount NOT GLOB '*[^0-9]*' AND (reserved_amount = '0' OR reserved_amount NOT GLOB '0*'))),
  intent TEXT NOT NULL,
  intent_hash TEXT NOT NULL CHECK (length(intent_hash) = 64),
  intent_seal TEXT NOT NULL,
  idempotency_key TEXT,
  request_hash TEXT NOT NULL CHECK (length(request_hash) = 64),
  policy_id TEXT,
  policy_version INTEGER,
  delay_seconds INTEGER,
  approval_timeout_seconds INTEGER,
  created_at INTEGER NOT NULL,
  queued_at INTEGER,
  execute_after INTEGER,
  approval_expires_at INTEGER,
  submitted_at INTEGER,
  executed_at INTEGER,
  tx_hash TEXT,
  last_valid_block_height TEXT CHECK (last_valid_block_height IS NULL OR (last_valid_block_height <> '' AND last_valid_block_height NOT GLOB '*[^0-9]*' AND (last_valid_block_height = '0' OR last_valid_block_height NOT GLOB '0*'))),
  signed_tx BLOB,
  late_check_at INTEGER,
  error TEXT,
  metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
  claimed_at INTEGER,
  state_version INTEGER NOT NULL DEFAULT 0,
  state_seal TEXT NOT NULL DEFAULT '',
  CHECK (status NOT IN ('CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED') OR (reserved_amount IS NULL AND signed_tx IS NULL)),
  CHECK (status NOT IN ('QUEUED', 'EXECUTING', 'SUBMITTED') OR (reserved_amount IS NOT NULL AND reserved_amount = amount AND tier IS NOT NULL)),
  CHECK (status <> 'QUEUED' OR tier <> 'DELAY' OR execute_after IS NOT NULL),
  CHECK (status <> 'QUEUED' OR tier <> 'APPROVAL' OR approval_expires_at IS NOT NULL),
  CHECK (status NOT IN ('SUBMITTED', 'CONFIRMED') OR tx_hash IS NOT NULL),
  CHECK (status <> 'CONFIRMED' OR executed_at IS NOT NULL),
  CHECK (tier IS NULL OR status <> 'PENDING')
) STRICT;
INSERT INTO transactions_next (
  id, agent_id, session_id, chain, type, asset, amount, to_address, memo, fee_priority, status, tier, reserved_amount,
  intent, intent_hash, intent_seal, idempotency_key, request_hash, policy_id, policy_version, delay_seconds,
  approval_timeout_seconds, created_at, queued_at, execute_after, approval_expires_at, submitted_at, executed_at,
  tx_hash, last_valid_block_height, signed_tx, late_check_at, error, metadata, claimed_at, state_version, state_seal
) SELECT
  id, agent_id, session_id, chain, type, asset, amount, to_address, memo, fee_priority, status, tier, reserved_amount,
  intent, intent_hash, intent_seal, idempotency_key, request_hash, policy_id, policy_version, delay_seconds,
  approval_timeout_seconds, created_at, queued_at, execute_after, approval_expires_at, submitted_at, executed_at,
  tx_hash, last_valid_block_height, signed_tx, late_check_at, error, metadata, claimed_at, state_version, state_seal
FROM transactions ORDER BY rowid;
DROP TABLE transactions;
ALTER TABLE transactions_next RENAME TO transactions;
CREATE INDEX idx_transactions_agent_status ON transactions (agent_id, status);
CREATE INDEX idx_transactions_agent_id ON transactions (agent_id, id);
CREATE INDEX idx_transactions_session_id ON transactions (session_id);
CREATE UNIQUE INDEX idx_transactions_tx_hash ON transactions (tx_hash);
CREATE INDEX idx_transactions_live ON transactions (agent_id) WHERE reserved_amount IS NOT NULL;
CREATE INDEX idx_transactions_open ON transactions (status) WHERE status IN ('PENDING', 'QUEUED', 'EXECUTING', 'SUBMITTED');
CREATE INDEX idx_transactions_late_check ON transactions (late_check_at) WHERE late_check_at IS NOT NULL;
CREATE UNIQUE INDEX idx_transactions_idempotency ON transactions (agent_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE TRIGGER transactions_start_pending BEFORE INSERT ON transactions
WHEN NEW.status <> 'PENDING'
BEGIN SELECT RAISE(ABORT, 'a transaction starts as PENDING'); END;
CREATE TRIGGER transactions_legal_transition BEFORE UPDATE OF status ON transactions
WHEN (OLD.status, NEW.status) NOT IN (VALUES ('PENDING', 'QUEUED'), ('PENDING', 'FAILED'), ('PENDING', 'CANCELLED'), ('QUEUED', 'EXECUTING'), ('QUEUED', 'CANCELLED'), ('QUEUED', 'EXPIRED'), ('EXECUTING', 'SUBMITTED'), ('EXECUTING', 'FAILED'), ('SUBMITTED', 'CONFIRMED'), ('SUBMITTED', 'FAILED'), ('SUBMITTED', 'EXPIRED'))
BEGIN SELECT RAISE(ABORT, 'illegal state transition'); END;
CREATE TRIGGER transactions_intent_fixed
BEFORE UPDATE OF id, agent_id, chain, type, asset, amount, to_address, memo, fee_priority, intent, intent_hash, intent_seal,
  idempotency_key, request_hash, created_at ON transactions
BEGIN SELECT RAISE(ABORT, 'an admitted intent never changes'); END;
CREATE TRIGGER transactions_hash_fixed BEFORE UPDATE OF tx_hash ON transactions
WHEN OLD.tx_hash IS NOT NULL AND NEW.tx_hash IS NOT OLD.tx_hash
BEGIN SELECT RAISE(ABORT, 'a transaction is signed once'); END;
CREATE TRIGGER transactions_no_delete BEFORE DELETE ON transactions
BEGIN SELECT RAISE(ABORT, 'transactions are kept'); END;
CREATE TRIGGER transactions_start_sealed BEFORE INSERT ON transactions
WHEN NEW.state_version <> 1 OR NEW.state_seal = ''
BEGIN SELECT RAISE(ABORT, 'a transaction starts with a sealed state'); END;
CREATE TRIGGER transactions_state_moves_on BEFORE UPDATE OF status, tier, reserved_amount, policy_id, policy_version,
  delay_seconds, approval_timeout_seconds, queued_at, execute_after, approval_expires_at, claimed_at, submitted_at, executed_at,
  tx_hash, last_valid_block_height, signed_tx, late_check_at, error, metadata, state_version, state_seal ON transactions
WHEN NEW.state_version <> OLD.state_version + 1 OR NEW.state_seal = OLD.state_seal
BEGIN SELECT RAISE(ABORT, 'a transaction changes by its next sealed state only'); END;
CREATE INDEX idx_transactions_recent ON transactions (agent_id, created_at) WHERE status NOT IN ('CANCELLED', 'EXPIRED');
`,
};
