import type { WAIaaSError, WAIaaSErrorFields } from '../error.ts';

/** Codes of EIP-1193 and EIP-3326. None of them makes a library ask again by itself: that would be another payment. */
const REJECTED = 4001;
const UNAUTHORIZED = 4100;
const UNSUPPORTED = 4200;
const DISCONNECTED = 4900;
const OTHER_CHAIN = 4902;

const CODES: Readonly<Record<string, number>> = {
  NOT_A_PAYMENT: UNSUPPORTED,
  INVALID_ARGUMENT: UNSUPPORTED,
  METHOD_NOT_SUPPORTED: UNSUPPORTED,
  OTHER_CHAIN: OTHER_CHAIN,
  AUTH_TOKEN_MISSING: UNAUTHORIZED,
  NETWORK_ERROR: DISCONNECTED,
  TIMEOUT: DISCONNECTED,
  UNKNOWN_ERROR: DISCONNECTED,
};

/** What a provider throws (EIP-1193): the `cause` is the error of the agent's client, and `data` the same as plain data. */
export class AgentProviderError extends Error {
  override readonly name = 'AgentProviderError';
  readonly code: number;
  readonly data: WAIaaSErrorFields;

  constructor(cause: WAIaaSError) {
    super(`${cause.code}: ${cause.message}`, { cause });
    const { code, statusCode } = cause;
    const byStatus = statusCode === 401 ? UNAUTHORIZED : statusCode >= 500 ? DISCONNECTED : REJECTED;
    this.code = CODES[code] ?? byStatus;
    this.data = cause.toJSON();
  }
}
