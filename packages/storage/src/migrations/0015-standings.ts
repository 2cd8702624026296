import type { Migration } from './migration.ts';

/**
 * What the agent and the session were when a payment was judged, so that what they decide can be decided again (09 no. 9).
 * The limits of a session are kept once, under their hash: a session may list hundreds of recipients, and goes once it has
 * expired.
 */
export const standings: Migration = {
  version: 15,
  name: 'standings',
  sql: `
CREATE TABLE granted_constraints (
  hash TEXT PRIMARY KEY NOT NULL,
  constraints TEXT NOT NULL CHECK (json_valid(constraints))
) STRICT, WITHOUT ROWID;
CREATE TRIGGER granted_constraints_no_update BEFORE UPDATE ON granted_constraints
BEGIN SELECT RAISE(ABORT, 'granted_constraints is append-only'); END;
CREATE TRIGGER granted_constraints_no_delete BEFORE DELETE ON granted_constraints
BEGIN SELECT RAISE(ABORT, 'granted_constraints is append-only'); END;
ALTER TABLE decisions ADD COLUMN standing TEXT CHECK (standing IS NULL OR json_valid(standing));
ALTER TABLE claim_decisions ADD COLUMN standing TEXT CHECK (standing IS NULL OR json_valid(standing));
`,
};
