/** What an owner's signature may authorise (03 §3, 00 §3). Each route that takes one names its action. */
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

/**
 * The statement of a message: the action, and for a payment its subject in words (00 §3).
 * @example ownerStatement('approve_tx', 'pay 12.5 SOL to Fg6P… on solana devnet')
 */
export const ownerStatement = (action: OwnerAction, subject?: string): string =>
  `${PREFIX}${action}${subject === undefined ? '' : ` - ${subject}`}`;

/** The action a statement names, or null when it is no owner's statement. */
export function actionOfStatement(statement: string): OwnerAction | null {
  if (!statement.startsWith(PREFIX)) return null;
  const [word] = statement.slice(PREFIX.length).split(' ');
  return OWNER_ACTIONS.find((action) => action === word) ?? null;
}
