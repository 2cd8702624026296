import type { Migration } from './migration.ts';

/**
 * Events that wait to be told to the owner, and what channels need beside their first columns: the configuration of a
 * channel is encrypted under a key of the vault, and bound to the row and its version (05 §2.10, §2.14, 08 §2.10).
 */
export const notificationOutbox: Migration = {
  version: 4,
  name: 'notification-outbox',
  sql: `
CREATE TABLE notification_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  event TEXT NOT NULL,
  urgency INTEGER NOT NULL CHECK (urgency BETWEEN 0 AND 2),
  payload TEXT NOT NULL CHECK (json_valid(payload)),
  created_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  next_attempt_at INTEGER NOT NULL,
  delivered_to TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(delivered_to))
) STRICT;
CREATE INDEX idx_notification_outbox_due ON notification_outbox (urgency, seq, next_attempt_at);
CREATE TRIGGER notification_outbox_fixed BEFORE UPDATE OF seq, id, event, payload, created_at ON notification_outbox
BEGIN SELECT RAISE(ABORT, 'an event that was stored never changes'); END;

ALTER TABLE notification_channels ADD COLUMN version INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1);
ALTER TABLE notification_channels ADD COLUMN locale TEXT NOT NULL DEFAULT 'en' CHECK (locale IN ('en', 'ko'));
ALTER TABLE notification_channels ADD COLUMN consecutive_failures INTEGER NOT NULL DEFAULT 0 CHECK (consecutive_failures >= 0);
ALTER TABLE notification_log ADD COLUMN notification_id TEXT;
`,
};
