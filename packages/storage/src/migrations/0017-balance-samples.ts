import type { Migration } from './migration.ts';

/**
 * What wallets held, one row for each hour in which it was read. It is for people to look at: nothing is ever decided by it,
 * so it carries no seal. What may be spent is decided by the sealed ledger and by what the chain says at that moment.
 */
export const balanceSamples: Migration = {
  version: 17,
  name: 'balance-samples',
  sql: `
CREATE TABLE balance_samples (
  agent_id TEXT NOT NULL REFERENCES agents (id),
  asset TEXT NOT NULL,
  hour INTEGER NOT NULL CHECK (hour >= 0 AND hour % 3600 = 0),
  read_at INTEGER NOT NULL CHECK (read_at >= hour AND read_at < hour + 3600),
  balance TEXT NOT NULL CHECK (balance <> '' AND balance NOT GLOB '*[^0-9]*'),
  decimals INTEGER NOT NULL CHECK (decimals BETWEEN 0 AND 255),
  symbol TEXT NOT NULL,
  PRIMARY KEY (agent_id, asset, hour)
) STRICT, WITHOUT ROWID;
`,
};
