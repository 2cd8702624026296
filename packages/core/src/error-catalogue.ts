/** Part of the product an error belongs to (06 §4.1). FRAMEWORK are the server's own (06 §4.2). */
export type ErrorDomain = 'AUTH' | 'SESSION' | 'TX' | 'POLICY' | 'OWNER' | 'SYSTEM' | 'AGENT' | 'FRAMEWORK';

/** What the catalogue knows about a code. */
export interface ErrorEntry {
  readonly domain: ErrorDomain;
  /** HTTP status; a few routes answer another one, named where they do (06 §4.1). */
  readonly status: number;
  /** Whether the same request may be sent again unchanged. */
  readonly retryable: boolean;
  /** What went wrong, for people. */
  readonly message: string;
  /** What to do about it. Absent where it would tell an attacker something (03 §21). */
  readonly hint?: string;
}

const entry = (domain: ErrorDomain, status: number, retryable: boolean, message: string, hint?: string): ErrorEntry =>
  hint === undefined ? { domain, status, retryable, message } : { domain, status, retryable, message, hint };

const RETRY_LATER = 'Try the same request again in a moment.';

/** Every error code a daemon can answer with: the one table (06 §4). */
export const errorCatalogue = {
  // AUTH
  INVALID_TOKEN: entry(
    'AUTH',
    401,
    false,
    'The session token is missing or not valid.',
    'Send "Authorization: Bearer wai_sess_…" with a token the operator issued.',
  ),
  TOKEN_EXPIRED: entry('AUTH', 401, false, 'The session token has expired.', 'Ask the operator for a new session.'),
  SESSION_REVOKED: entry('AUTH', 401, false, 'The session has been revoked.', 'Ask the operator for a new session.'),
  INVALID_SIGNATURE: entry(
    'AUTH',
    401,
    false,
    'The owner signature does not authorise this request.',
    'Ask the daemon for a fresh message, sign exactly that text and send it once.',
  ),
  INVALID_NONCE: entry(
    'AUTH',
    401,
    false,
    'The nonce is unknown, expired or already used.',
    'Fetch a new nonce and sign again.',
  ),
  INVALID_MASTER_PASSWORD: entry(
    'AUTH',
    401,
    false,
    'The master password is missing or wrong.',
    'Send it in the X-Master-Password header, or use an operator token.',
  ),
  INVALID_OPERATOR_TOKEN: entry(
    'AUTH',
    401,
    false,
    'The operator token is unknown or has expired.',
    'Sign in again with the master password.',
  ),
  MASTER_PASSWORD_LOCKED: entry('AUTH', 429, false, 'Too many wrong master passwords; sign-in is locked for a while.'),
  SYSTEM_LOCKED: entry('AUTH', 401, false, 'The kill switch is engaged; only recovery is possible.'),
  // SESSION
  SESSION_NOT_FOUND: entry('SESSION', 404, false, 'There is no such session.'),
  SESSION_EXPIRED: entry('SESSION', 401, false, 'The session has expired.', 'Ask the operator for a new session.'),
  SESSION_LIMIT_EXCEEDED: entry(
    'SESSION',
    403,
    false,
    'The request exceeds a limit of this session.',
    'See details.code and details.limit; ask the operator for a session with a higher limit.',
  ),
  CONSTRAINT_VIOLATED: entry(
    'SESSION',
    403,
    false,
    'This session does not permit that operation or destination.',
    'See details.code; ask the operator for a session that permits it.',
  ),
  SESSION_RENEWAL_MISMATCH: entry('SESSION', 403, false, 'A session can renew itself only.'),
  RENEWAL_LIMIT_REACHED: entry(
    'SESSION',
    403,
    false,
    'The session has been renewed as often as it may.',
    'Ask the operator for a new session.',
  ),
  SESSION_ABSOLUTE_LIFETIME_EXCEEDED: entry(
    'SESSION',
    403,
    false,
    'A renewal would lead beyond the longest life of the session.',
    'Ask the operator for a new session.',
  ),
  RENEWAL_TOO_EARLY: entry(
    'SESSION',
    403,
    true,
    'A session can be renewed once half of its life is over.',
    'Renew after details.renewableAt.',
  ),
  RENEWAL_CONFLICT: entry(
    'SESSION',
    409,
    false,
    'The session was renewed or revoked at the same moment.',
    'Use the token of the renewal that succeeded.',
  ),
  // TX
  INSUFFICIENT_BALANCE: entry(
    'TX',
    400,
    false,
    'The wallet does not hold enough for this payment and its fee.',
    'Fund the wallet or ask for a smaller amount.',
  ),
  INVALID_ADDRESS: entry(
    'TX',
    400,
    false,
    'The recipient is not a valid address of this chain.',
    'Check the address; letters are case-sensitive.',
  ),
  INVALID_TOKEN_MINT: entry(
    'TX',
    400,
    false,
    'There is no token at that address.',
    'Check tokenMint: it is the mint on Solana, the contract on EVM chains.',
  ),
  UNSUPPORTED_TOKEN: entry(
    'TX',
    400,
    false,
    'This kind of token cannot be paid with.',
    'See the message; some tokens let others take part of a payment, take it back or stop it.',
  ),
  INSUFFICIENT_TOKEN_BALANCE: entry(
    'TX',
    400,
    false,
    'The wallet does not hold enough of this token.',
    'Fund the wallet with the token or ask for a smaller amount.',
  ),
  TX_NOT_FOUND: entry('TX', 404, false, 'There is no such transaction.'),
  TX_EXPIRED: entry(
    'TX',
    410,
    false,
    'The time for this transaction has passed; nothing was paid.',
    'Send a new request with a new Idempotency-Key.',
  ),
  TX_ALREADY_PROCESSED: entry('TX', 409, false, 'The transaction is past the state in which this is possible.'),
  CHAIN_ERROR: entry('TX', 502, true, 'The chain or its RPC node answered with an error.', RETRY_LATER),
  SIMULATION_FAILED: entry(
    'TX',
    422,
    false,
    'The transaction would fail on chain; it was not sent.',
    'See details; check the recipient and the amount.',
  ),
  INVALID_STATE_TRANSITION: entry('TX', 409, false, 'The transaction cannot go from its state to that one.'),
  INVALID_TIER: entry('TX', 500, false, 'The policy decision names an unknown tier; the payment was refused.'),
  IDEMPOTENCY_CONFLICT: entry(
    'TX',
    409,
    false,
    'This Idempotency-Key was already used for a different request.',
    'Use a new key for a new payment; repeat a payment only with the same body.',
  ),
  // POLICY
  POLICY_DENIED: entry(
    'POLICY',
    403,
    false,
    'The policy does not allow this payment.',
    'See details.reason; the owner can change the policy.',
  ),
  SPENDING_LIMIT_EXCEEDED: entry(
    'POLICY',
    403,
    false,
    'The payment would exceed a spending cap.',
    'See details for the cap and what is left; wait for the window to move on or ask the owner.',
  ),
  RATE_LIMIT_EXCEEDED: entry('POLICY', 429, true, 'Too many requests.', 'Wait as long as Retry-After says.'),
  WHITELIST_DENIED: entry('POLICY', 403, false, 'The recipient is not on the list of allowed addresses.'),
  POLICY_NOT_FOUND: entry('POLICY', 404, false, 'There is no such policy.'),
  POLICY_CONFLICT: entry(
    'POLICY',
    409,
    false,
    'The policy has been changed since the version that this change was made to; nothing was stored.',
    'Look at it, and change it again.',
  ),
  // OWNER
  OWNER_ALREADY_CONNECTED: entry(
    'OWNER',
    409,
    false,
    'An owner is already connected.',
    'Disconnect the present owner first.',
  ),
  OWNER_NOT_CONNECTED: entry('OWNER', 404, false, 'No owner is connected.', 'Connect an owner wallet first.'),
  OWNER_AUTH_REQUIRED: entry(
    'OWNER',
    403,
    false,
    'An owner is connected: this needs the signature of the owner.',
    'Get the text to sign from POST /v1/owner/messages.',
  ),
  OWNER_MISMATCH: entry('OWNER', 403, false, 'The signer is not the connected owner.'),
  APPROVAL_TIMEOUT: entry(
    'OWNER',
    410,
    false,
    'Nobody approved the transaction in time.',
    'Send a new request with a new Idempotency-Key.',
  ),
  APPROVAL_NOT_FOUND: entry('OWNER', 404, false, 'There is no such approval.'),
  // SYSTEM
  AUTO_STOP_RULE_NOT_FOUND: entry('SYSTEM', 404, false, 'There is no such auto-stop rule.'),
  KILL_SWITCH_ACTIVE: entry('SYSTEM', 409, false, 'The kill switch is already engaged.'),
  KILL_SWITCH_NOT_ACTIVE: entry('SYSTEM', 409, false, 'The kill switch is not engaged.'),
  KEYSTORE_LOCKED: entry(
    'SYSTEM',
    503,
    true,
    'The keystore is locked.',
    'The operator must start the daemon with the master password.',
  ),
  CHAIN_NOT_SUPPORTED: entry('SYSTEM', 400, false, 'This daemon does not support that chain or network.'),
  SHUTTING_DOWN: entry(
    'SYSTEM',
    503,
    false,
    'The daemon is stopping.',
    'Send the request again once it has been started.',
  ),
  ADAPTER_NOT_AVAILABLE: entry(
    'SYSTEM',
    503,
    true,
    'The chain cannot be reached at the moment; nothing was recorded.',
    'Check the RPC endpoint in the configuration, then try again.',
  ),
  CIRCUIT_OPEN: entry(
    'SYSTEM',
    503,
    true,
    'The network has failed several times in a row and is left alone for a while; nothing was recorded.',
    'Try again after details.retryAfter seconds.',
  ),
  STORAGE_UNAVAILABLE: entry(
    'SYSTEM',
    503,
    true,
    'The daemon cannot write to its database; nothing was signed.',
    'Check free disk space and file permissions of the data directory.',
  ),
  ROTATION_TOO_RECENT: entry(
    'SYSTEM',
    409,
    false,
    'The secret was rotated a moment ago; the one before it is still accepted.',
    'Rotate again after details.retryAfter seconds.',
  ),
  CHANNEL_NOT_FOUND: entry('SYSTEM', 404, false, 'There is no such notification channel.'),
  DEAD_LETTER_NOT_FOUND: entry(
    'SYSTEM',
    404,
    false,
    'There is no such event that the webhook has not taken: it has it by now, or it is more than 72 hours since it was given up.',
    'See GET /v1/owner/notification-channels/{channelId}/dead-letters.',
  ),
  CHANNEL_CONFLICT: entry(
    'SYSTEM',
    409,
    false,
    'The channel was changed at the same moment.',
    'Look at it, and change it again.',
  ),
  INVALID_CHANNEL_CONFIG: entry(
    'SYSTEM',
    400,
    false,
    'The channel cannot be reached with this configuration; nothing was stored.',
    'See details.reason; check the address and the secret with the service.',
  ),
  MIN_CHANNELS_REQUIRED: entry(
    'SYSTEM',
    400,
    false,
    'Fewer channels would be left than must be able to reach the owner.',
    'Add another channel first, or lower notifications.min_channels.',
  ),
  TELEGRAM_BOT_OFF: entry(
    'SYSTEM',
    409,
    false,
    'The Telegram bot does not run.',
    'Set telegram_bot.enabled and telegram_bot.bot_token, and start the daemon again.',
  ),
  INVALID_PAIRING_CODE: entry(
    'SYSTEM',
    400,
    false,
    'This is not a code of a chat that wants to be paired, or not any more.',
    'Send /auth to the bot and enter its code within five minutes.',
  ),
  // AGENT
  AGENT_NOT_FOUND: entry('AGENT', 404, false, 'There is no such agent.'),
  AGENT_SUSPENDED: entry('AGENT', 409, false, 'The agent is suspended.', 'The operator can resume it.'),
  AGENT_NOT_SUSPENDED: entry('AGENT', 409, false, 'The agent is not suspended.'),
  AGENT_TERMINATED: entry('AGENT', 410, false, 'The agent has been terminated.'),
  DESTINATION_REFUSED: entry(
    'AGENT',
    400,
    false,
    'Funds are only taken back to an address of the owner.',
    'Use the address of the connected owner on the chain of the agent, or register a recovery address and wait until it is active.',
  ),
  RECALL_IN_PROGRESS: entry(
    'AGENT',
    409,
    false,
    'A recall of this agent is under way.',
    'Wait until it has ended; see GET /v1/owner/agents/:id/recalls.',
  ),
  RECALL_NOT_FOUND: entry('AGENT', 404, false, 'There is no such recall.'),
  AGENT_TERMINATING: entry('AGENT', 409, false, 'The agent is being terminated.'),
  // FRAMEWORK
  VALIDATION_ERROR: entry(
    'FRAMEWORK',
    400,
    false,
    'The request is not of the documented form.',
    'See details.issues for each field.',
  ),
  UNAUTHORIZED: entry(
    'FRAMEWORK',
    401,
    false,
    'This route needs authentication.',
    'Send the credential the route documents.',
  ),
  INVALID_HOST: entry(
    'FRAMEWORK',
    403,
    false,
    'The Host header does not name this daemon.',
    'Use http://127.0.0.1 or http://localhost with the port of the daemon.',
  ),
  LOOPBACK_ONLY: entry(
    'FRAMEWORK',
    403,
    false,
    'This route answers requests from its own machine only.',
    'Ask on the machine of the daemon, or in its container.',
  ),
  INVALID_ORIGIN: entry('FRAMEWORK', 403, false, 'Pages of that origin may not use this daemon.'),
  ROUTE_NOT_FOUND: entry('FRAMEWORK', 404, false, 'There is no such route.'),
  METHOD_NOT_ALLOWED: entry('FRAMEWORK', 405, false, 'The route does not take this method.'),
  PAYLOAD_TOO_LARGE: entry('FRAMEWORK', 413, false, 'The request body is larger than 64 KiB.'),
  UNSUPPORTED_MEDIA_TYPE: entry(
    'FRAMEWORK',
    415,
    false,
    'Request bodies must be application/json.',
    'Send the header "Content-Type: application/json".',
  ),
  INTERNAL_ERROR: entry(
    'FRAMEWORK',
    500,
    true,
    'The daemon hit an unexpected error.',
    'Look for the requestId in the log of the daemon.',
  ),
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

const isErrorCodeKey = (value: string): value is ErrorCode => Object.hasOwn(errorCatalogue, value);

/** Whether a text is a code of the catalogue. */
export const isErrorCode = isErrorCodeKey;

/** All codes, in the order of the catalogue. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(errorCatalogue).filter(isErrorCodeKey);

/** What the catalogue says about a code. */
export const errorEntry = (code: ErrorCode): ErrorEntry => errorCatalogue[code];

/** One finding of a failed validation. `path` is dot-joined (06 §1.11). */
export interface ValidationIssue {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** Any details: what JSON can carry, plus bigint, which leaves as a decimal string. */
export type AnyDetails = Readonly<Record<string, unknown>>;

/** Details whose shape callers rely on, by code. Codes that are not listed take any details. */
export interface ErrorDetails {
  VALIDATION_ERROR: { readonly issues: readonly ValidationIssue[] };
  INVALID_TOKEN: { readonly reason: 'missing' | 'malformed' | 'signature' | 'unknown' };
  SESSION_LIMIT_EXCEEDED: {
    readonly code: 'SESSION_LIMIT_PER_TX' | 'SESSION_LIMIT_TOTAL' | 'SESSION_LIMIT_TX_COUNT' | 'SESSION_COUNT';
    readonly limit: bigint | number;
    readonly transactionId?: string;
  };
  CONSTRAINT_VIOLATED: {
    readonly code: 'SESSION_OPERATION_DENIED' | 'SESSION_DESTINATION_DENIED' | 'SESSION_ASSET_DENIED';
    readonly transactionId?: string;
  };
  SPENDING_LIMIT_EXCEEDED: {
    readonly cap: 'daily_max' | 'weekly_max';
    readonly asset: string;
    readonly limit: bigint;
    readonly spent: bigint;
    readonly reserved: bigint;
    readonly requested: bigint;
    readonly remaining: bigint;
    readonly policyId: string;
    readonly transactionId?: string;
  };
  RATE_LIMIT_EXCEEDED: { readonly limit: number; readonly window: string; readonly retryAfter: number };
  MASTER_PASSWORD_LOCKED: { readonly retryAfter: number };
  CIRCUIT_OPEN: { readonly chain: string; readonly network: string; readonly retryAfter: number };
}

/** Details of a code. */
export type DetailsOf<Code extends ErrorCode> = Code extends keyof ErrorDetails ? ErrorDetails[Code] : AnyDetails;
