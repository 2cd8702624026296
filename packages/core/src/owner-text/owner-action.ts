/**
 * What an owner's signature may authorise (03 §3, 00 §3). Each route that takes a signature names its action; a route with
 * none takes no signature.
 *
 * | action            | requests                                                                                       |
 * | ----------------- | ---------------------------------------------------------------------------------------------- |
 * | `approve_tx`      | approve a transaction                                                                          |
 * | `reject_tx`       | reject one                                                                                     |
 * | `kill_switch`     | engage the kill switch                                                                         |
 * | `recover`         | recover from it, beside the master password                                                    |
 * | `manage_sessions` | create, list and revoke sessions; create, list, suspend, resume, terminate agents; list pending approvals |
 * | `update_settings` | policies, settings, notification channels, auto-stop rules; disconnect the owner (03 §23, C-3) |
 * | `view_dashboard`  | status, settings, dashboard, policies, decisions, audit log: what is only read                 |
 * | `connect_owner`   | prove possession of the wallet that becomes the owner, beside the master password              |
 * | `change_owner`    | the present owner hands over to another wallet (03 §19)                                        |
 * | `recall`          | send an agent's funds back (08 §2.5)                                                           |
 *
 * Disconnecting has no action of its own: a signature is bound to method, path and body as well, so that none over another
 * setting can be used for it.
 */
export const OWNER_ACTIONS = [
  'approve_tx',
  'reject_tx',
  'kill_switch',
  'recover',
  'manage_sessions',
  'update_settings',
  'view_dashboard',
  'connect_owner',
  'change_owner',
  'recall',
] as const;
/** What an owner's signature authorises. */
export type OwnerAction = (typeof OWNER_ACTIONS)[number];

const PREFIX = 'WAIaaS Owner Action: ';
const SUBJECT = ' - ';

/**
 * The statement of a message: the action, and for a payment its subject in words (00 §3).
 * @example ownerStatement('kill_switch') // "WAIaaS Owner Action: kill_switch"
 */
export const ownerStatement = (action: OwnerAction, subject?: string): string =>
  `${PREFIX}${action}${subject === undefined ? '' : `${SUBJECT}${subject}`}`;

/** The action a statement names, or null when it is no owner's statement. */
export function actionOfStatement(statement: string): OwnerAction | null {
  if (!statement.startsWith(PREFIX)) return null;
  const rest = statement.slice(PREFIX.length);
  return OWNER_ACTIONS.find((action) => rest === action || rest.startsWith(`${action}${SUBJECT}`)) ?? null;
}

/** The statement of every session's message. No owner's statement starts like it, so neither passes for the other. */
export const SESSION_STATEMENT = 'Sign in to WAIaaS to create an agent session.';
