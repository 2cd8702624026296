import type { Migration } from './migration.ts';

/**
 * Transactions that are signed again for a higher fee, with the same nonce. The database refuses a change of the hash that
 * does not keep the one before it, and a variant that comes without a seal.
 */
export const variants: Migration = {
  version: 16,
  name: 'variants',
  sql: `
ALTER TABLE transactions ADD COLUMN variants TEXT CHECK (variants IS NULL OR json_valid(variants));
DROP TRIGGER transactions_hash_fixed;
CREATE TRIGGER transactions_hash_fixed BEFORE UPDATE OF tx_hash ON transactions
WHEN OLD.tx_hash IS NOT NULL AND NEW.tx_hash IS NOT OLD.tx_hash AND (OLD.status <> 'SUBMITTED' OR NOT EXISTS (
  SELECT 1 FROM json_each(coalesce(NEW.variants, '[]')) WHERE json_extract(value, '$.txHash') = OLD.tx_hash
))
BEGIN SELECT RAISE(ABORT, 'a transaction is signed once, or again with what was signed before kept'); END;
CREATE TRIGGER transactions_variants_move_on BEFORE UPDATE OF variants ON transactions
WHEN NEW.state_version <> OLD.state_version + 1 OR NEW.state_seal = OLD.state_seal
BEGIN SELECT RAISE(ABORT, 'a transaction changes by its next sealed state only'); END;
`,
};
