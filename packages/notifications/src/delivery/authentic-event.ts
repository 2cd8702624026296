import { isWaiaasError, type NotificationEvent, type NotificationEventName, type RowSealer } from '@waiaas/core';
import { isNotificationAuthentic, type SealedNotification } from '@waiaas/storage';

/**
 * Whether an event of a kind is stored by a process only that has had the vault open: from then on each is sealed, also while
 * the keys are locked again. The others are stored by a start that finds the kill switch engaged, too; none of them says that
 * something was paid, allowed or asked for. A new kind has to be decided upon here.
 */
const IS_SEALED: Readonly<Record<NotificationEventName, boolean>> = {
  TX_NOTIFY: true,
  TX_DELAY_QUEUED: true,
  TX_DELAY_EXECUTED: true,
  TX_APPROVAL_REQUEST: true,
  TX_APPROVAL_EXPIRED: true,
  TX_CONFIRMED: true,
  TX_FAILED: true,
  TX_CANCELLED: true,
  TX_LATE_LANDING: true,
  SESSION_CREATED: true,
  SESSION_RENEWED: true,
  SESSION_REVOKED: true,
  SESSION_EXPIRING: false,
  AGENT_CREATED: true,
  AGENT_SUSPENDED: true,
  AGENT_RESUMED: true,
  AGENT_TERMINATING: true,
  AGENT_TERMINATED: true,
  AGENT_TERMINATION_STUCK: true,
  LATE_DEPOSIT: false,
  RECALL_REQUESTED: true,
  RECALL_ENDED: true,
  RECOVERY_ADDRESS_SET: true,
  POLICY_CHANGED: true,
  OWNER_CHANGED: true,
  CHANNEL_CHANGED: true,
  SETTINGS_CHANGED: true,
  AUTO_STOP_RULE_CHANGED: true,
  TELEGRAM_PAIRING_CHANGED: true,
  KILL_SWITCH_ACTIVATED: true,
  KILL_SWITCH_RECOVERED: true,
  AUTO_STOP_TRIGGERED: true,
  SEAL_BROKEN: false,
  AUDIT_CHAIN_BROKEN: false,
  AUDIT_HEAD: false,
  DAILY_SUMMARY: false,
  NETWORK_PAUSED: false,
  DAEMON_STARTED: false,
  DAEMON_STOPPED: false,
  DAEMON_CRASHED: false,
  CHANNEL_UNHEALTHY: true,
  CHANNEL_TEST: true,
};

/**
 * Whether a stored event is one that the daemon has stored: what is told of it is signed for programs, and read by people.
 * Without a seal it is believed where it is of a kind that is stored without one, too.
 *
 * @throws WaiaasError KEYSTORE_LOCKED before the vault was first opened
 */
export function isEventAuthentic(sealer: RowSealer, row: SealedNotification, { event }: NotificationEvent): boolean {
  return row.seal === null ? !IS_SEALED[event] : isNotificationAuthentic(sealer, row);
}

/** The same for what is only shown: where it cannot be told yet, it is shown. */
export function isEventShown(sealer: RowSealer, row: SealedNotification, event: NotificationEvent): boolean {
  try {
    return isEventAuthentic(sealer, row, event);
  } catch (error) {
    if (isWaiaasError(error, 'KEYSTORE_LOCKED')) return true;
    throw error;
  }
}
