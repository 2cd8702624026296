import type { Migration } from './migration.ts';

/** Finds the payments of an agent that opened accounts for their recipients, however many others there are. */
export const accountRents: Migration = {
  version: 11,
  name: 'account-rents',
  sql: `
CREATE INDEX idx_transactions_account_rent ON transactions (agent_id, claimed_at)
WHERE json_extract(metadata, '$.accountRent') IS NOT NULL;
`,
};
