import type { Migration } from './migration.ts';

/**
 * Finds the payments of an agent that opened accounts for their recipients, however many others there are. A row whose
 * metadata somebody has made unreadable stays one that can be written: it must not hold up the unit of work it is met in.
 */
export const accountRents: Migration = {
  version: 11,
  name: 'account-rents',
  sql: `
CREATE INDEX idx_transactions_account_rent ON transactions (agent_id, claimed_at)
WHERE CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.accountRent') END IS NOT NULL;
`,
};
