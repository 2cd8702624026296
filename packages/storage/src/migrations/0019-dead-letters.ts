import type { Migration } from './migration.ts';

/**
 * Events that a webhook has not taken and that are not tried over it any more, so that they can be sent again on request
 * (08 §2.10). They go with their channel. They carry seals, and so do those that are still to be told: what is told is signed
 * in the daemon's name.
 */
export const deadLetters: Migration = {
  version: 19,
  name: 'dead-letters',
  sql: `
CREATE TABLE dead_letters (
  channel_id TEXT NOT NULL REFERENCES notification_channels (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence >= 1),
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  created_at INTEGER NOT NULL,
  given_up_at INTEGER NOT NULL,
  error TEXT NOT NULL,
  seal TEXT,
  PRIMARY KEY (channel_id, id)
) STRICT;
CREATE INDEX idx_dead_letters_given_up_at ON dead_letters (given_up_at);
CREATE TRIGGER dead_letters_fixed BEFORE UPDATE OF channel_id, id, sequence, payload, created_at, given_up_at, seal
ON dead_letters
BEGIN SELECT RAISE(ABORT, 'an event that was stored never changes'); END;

ALTER TABLE notification_outbox ADD COLUMN seal TEXT;
CREATE TRIGGER notification_outbox_sealed_once BEFORE UPDATE OF seal ON notification_outbox WHEN OLD.seal IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an event that was stored never changes'); END;
`,
};
