import type { Migration } from './migration.ts';

/**
 * The base schema: tables of 01 §2.3 with the guarantees of 04 §2, which make whole classes of bugs impossible whatever
 * the code above does. The words of its CHECKs are those of its release, written out: what has once been created
 * somewhere never changes. A word that joins an enumeration comes with a step that rebuilds the table.
 */
export const base: Migration = {
  version: 1,
  name: 'base',
  sql: `
CREATE TABLE agents (
  id TEXT PRIMARY KEY NOT NULL,
  name TEXT NOT NULL,
  chain TEXT NOT NULL CHECK (chain IN ('solana', 'ethereum')),
  network TEXT NOT NULL CHECK (network IN ('mainnet-beta', 'devnet', 'testnet', 'localnet', 'mainnet', 'sepolia')),
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
CREATE UNIQUE INDEX idx_agents_public_key ON agents (public_key);
CREATE INDEX idx_agents_status ON agents (status);
CREATE INDEX idx_agents_chain_network ON agents (chain, network);

CREATE TABLE sessions (
  id TEXT PRIMARY KEY NOT NULL,
  agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
  token_hash TEXT NOT NULL CHECK (length(token_hash) = 64),
  expires_at INTEGER NOT NULL,
  constraints TEXT NOT NULL CHECK (json_valid(constraints)),
  usage_stats TEXT NOT NULL CHECK (json_valid(usage_stats)),
  revoked_at INTEGER,
  created_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE INDEX idx_sessions_agent_id ON sessions (agent_id);
CREATE INDEX idx_sessions_expires_at ON sessions (expires_at);
CREATE UNIQUE INDEX idx_sessions_token_hash ON sessions (token_hash);
CREATE TRIGGER sessions_identity BEFORE UPDATE OF id, agent_id, created_at ON sessions
BEGIN SELECT RAISE(ABORT, 'the identity of a session never changes'); END;
CREATE TRIGGER sessions_stay_revoked BEFORE UPDATE OF revoked_at ON sessions
WHEN OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS NOT OLD.revoked_at
BEGIN SELECT RAISE(ABORT, 'a revoked session stays revoked'); END;

CREATE TABLE policies (
  id TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  agent_id TEXT REFERENCES agents (id) ON DELETE CASCADE,
  type TEXT NOT NULL CHECK (type IN ('SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT')),
  rules TEXT NOT NULL,
  priority INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE INDEX idx_policies_agent_enabled ON policies (agent_id, enabled);
CREATE INDEX idx_policies_type ON policies (type);
CREATE TRIGGER policies_identity BEFORE UPDATE ON policies
WHEN NEW.id IS NOT OLD.id OR NEW.agent_id IS NOT OLD.agent_id OR NEW.type IS NOT OLD.type OR NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'a policy changes by its next version only'); END;

CREATE TABLE policy_versions (
  policy_id TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  agent_id TEXT,
  type TEXT NOT NULL CHECK (type IN ('SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT')),
  rules TEXT NOT NULL,
  priority INTEGER NOT NULL,
  enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  seal TEXT NOT NULL,
  PRIMARY KEY (policy_id, version)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER policy_versions_no_update BEFORE UPDATE ON policy_versions
BEGIN SELECT RAISE(ABORT, 'policy_versions is append-only'); END;
CREATE TRIGGER policy_versions_no_delete BEFORE DELETE ON policy_versions
BEGIN SELECT RAISE(ABORT, 'policy_versions is append-only'); END;

CREATE TABLE policy_sets (
  scope TEXT PRIMARY KEY NOT NULL,
  version INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;

CREATE TABLE transactions (
  id TEXT PRIMARY KEY NOT NULL,
  agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
  session_id TEXT REFERENCES sessions (id) ON DELETE SET NULL,
  chain TEXT NOT NULL CHECK (chain IN ('solana', 'ethereum')),
  type TEXT NOT NULL CHECK (type IN ('TRANSFER')),
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
  CHECK (status NOT IN ('CONFIRMED', 'FAILED', 'CANCELLED', 'EXPIRED') OR (reserved_amount IS NULL AND signed_tx IS NULL)),
  CHECK (status NOT IN ('QUEUED', 'EXECUTING', 'SUBMITTED') OR (reserved_amount IS NOT NULL AND reserved_amount = amount AND tier IS NOT NULL)),
  CHECK (status <> 'QUEUED' OR tier <> 'DELAY' OR execute_after IS NOT NULL),
  CHECK (status <> 'QUEUED' OR tier <> 'APPROVAL' OR approval_expires_at IS NOT NULL),
  CHECK (status NOT IN ('SUBMITTED', 'CONFIRMED') OR tx_hash IS NOT NULL),
  CHECK (status <> 'CONFIRMED' OR executed_at IS NOT NULL),
  CHECK (tier IS NULL OR status <> 'PENDING')
) STRICT;
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

CREATE TABLE spend_ledger (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id TEXT NOT NULL REFERENCES agents (id) ON DELETE RESTRICT,
  asset TEXT NOT NULL,
  settled_at INTEGER NOT NULL,
  tx_id TEXT NOT NULL UNIQUE REFERENCES transactions (id) ON DELETE RESTRICT,
  amount TEXT NOT NULL CHECK (amount IS NULL OR (amount <> '' AND amount NOT GLOB '*[^0-9]*' AND (amount = '0' OR amount NOT GLOB '0*'))),
  cumulative TEXT NOT NULL CHECK (cumulative IS NULL OR (cumulative <> '' AND cumulative NOT GLOB '*[^0-9]*' AND (cumulative = '0' OR cumulative NOT GLOB '0*')))
) STRICT;
CREATE INDEX idx_spend_ledger_window ON spend_ledger (agent_id, asset, settled_at, seq);

CREATE TRIGGER spend_ledger_no_update BEFORE UPDATE ON spend_ledger
BEGIN SELECT RAISE(ABORT, 'spend_ledger is append-only'); END;
CREATE TRIGGER spend_ledger_no_delete BEFORE DELETE ON spend_ledger
BEGIN SELECT RAISE(ABORT, 'spend_ledger is append-only'); END;

CREATE TABLE pending_approvals (
  id TEXT PRIMARY KEY NOT NULL,
  tx_id TEXT NOT NULL UNIQUE REFERENCES transactions (id) ON DELETE CASCADE,
  required_by INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  approved_at INTEGER,
  rejected_at INTEGER,
  owner_signature TEXT,
  message TEXT,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_pending_approvals_expires_at ON pending_approvals (expires_at);

CREATE TABLE audit_log (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp INTEGER NOT NULL,
  event_type TEXT NOT NULL,
  actor TEXT NOT NULL,
  agent_id TEXT,
  session_id TEXT,
  tx_id TEXT,
  details TEXT NOT NULL CHECK (json_valid(details)),
  severity TEXT NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'warning', 'critical')),
  ip_address TEXT
) STRICT;
CREATE INDEX idx_audit_log_timestamp ON audit_log (timestamp);
CREATE INDEX idx_audit_log_event_type ON audit_log (event_type);
CREATE INDEX idx_audit_log_agent ON audit_log (agent_id, timestamp);
CREATE INDEX idx_audit_log_severity ON audit_log (severity) WHERE severity <> 'info';

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN SELECT RAISE(ABORT, 'audit_log is append-only'); END;

CREATE TABLE notification_channels (
  id TEXT PRIMARY KEY NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('TELEGRAM', 'DISCORD', 'NTFY', 'SLACK', 'WEBHOOK')),
  name TEXT NOT NULL,
  config TEXT NOT NULL CHECK (json_valid(config)),
  priority INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  last_health_check INTEGER,
  last_health_status INTEGER CHECK (last_health_status IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_notification_channels_enabled ON notification_channels (enabled, priority DESC);

CREATE TABLE notification_log (
  id TEXT PRIMARY KEY NOT NULL,
  channel_id TEXT REFERENCES notification_channels (id) ON DELETE SET NULL,
  event TEXT NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('INFO', 'WARNING', 'CRITICAL')),
  reference_id TEXT,
  status TEXT NOT NULL CHECK (status IN ('DELIVERED', 'FAILED', 'RATE_LIMITED', 'ALL_FAILED')),
  error TEXT,
  retry_count INTEGER NOT NULL DEFAULT 0,
  sent_at INTEGER NOT NULL
) STRICT;
CREATE INDEX idx_notification_log_event ON notification_log (event, sent_at DESC);
CREATE INDEX idx_notification_log_status ON notification_log (status);
CREATE INDEX idx_notification_log_sent_at ON notification_log (sent_at);
CREATE INDEX idx_notification_log_channel_id ON notification_log (channel_id);

CREATE TABLE owner_wallets (
  id TEXT PRIMARY KEY NOT NULL,
  address TEXT NOT NULL UNIQUE,
  chain TEXT NOT NULL CHECK (chain IN ('solana', 'ethereum')),
  wc_session_topic TEXT,
  wc_pairing_topic TEXT,
  connected_at TEXT NOT NULL,
  last_active_at TEXT,
  metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)),
  version INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE TRIGGER owner_wallets_single BEFORE INSERT ON owner_wallets
WHEN EXISTS (SELECT 1 FROM owner_wallets)
BEGIN SELECT RAISE(ABORT, 'there is one owner'); END;

CREATE TABLE system_state (
  key TEXT PRIMARY KEY NOT NULL,
  value TEXT NOT NULL CHECK (json_valid(value)),
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE auto_stop_rules (
  id TEXT PRIMARY KEY NOT NULL,
  agent_id TEXT REFERENCES agents (id) ON DELETE CASCADE,
  type TEXT NOT NULL CHECK (type IN ('CONSECUTIVE_FAILURES', 'TIME_RESTRICTION', 'DAILY_LIMIT_THRESHOLD', 'HOURLY_RATE', 'ANOMALY_PATTERN')),
  config TEXT NOT NULL CHECK (json_valid(config)),
  action TEXT NOT NULL CHECK (action IN ('WARN', 'SUSPEND_AGENT', 'KILL_SWITCH')),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  version INTEGER NOT NULL,
  seal TEXT NOT NULL
) STRICT;
CREATE INDEX idx_auto_stop_rules_agent ON auto_stop_rules (agent_id, enabled);
`,
};
