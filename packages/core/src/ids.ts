import type { Clock } from './clock.ts';

declare const brand: unique symbol;
/** A primitive that only a checking function can produce. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Id of an agent (UUID v7). */
export type AgentId = Branded<string, 'AgentId'>;
/** Id of a session (UUID v7). */
export type SessionId = Branded<string, 'SessionId'>;
/** Id of a transaction (UUID v7). */
export type TransactionId = Branded<string, 'TransactionId'>;
/** Id of a recall (UUID v7). */
export type RecallId = Branded<string, 'RecallId'>;
/** Id of a policy (UUID v7). */
export type PolicyId = Branded<string, 'PolicyId'>;
/** Id of a notification channel (UUID v7). */
export type NotificationChannelId = Branded<string, 'NotificationChannelId'>;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Whether a text is a UUID v7 in lower case, the only form in which ids are made and stored (01 §2.2). */
export const isUuidV7 = (value: string): boolean => UUID_V7.test(value);

const check = <Id extends string>(name: string) => {
  const is = (value: string): value is Id => isUuidV7(value);
  const make = (value: string): Id => {
    if (!is(value)) throw new TypeError(`${name} must be a lower-case UUID v7`);
    return value;
  };
  return { is, make };
};

const agent = check<AgentId>('An agent id');
const session = check<SessionId>('A session id');
const transaction = check<TransactionId>('A transaction id');
const policy = check<PolicyId>('A policy id');
const notificationChannel = check<NotificationChannelId>('The id of a notification channel');
const recall = check<RecallId>('A recall id');

export const isAgentId = agent.is;
export const isSessionId = session.is;
export const isTransactionId = transaction.is;
export const isPolicyId = policy.is;
export const isNotificationChannelId = notificationChannel.is;
/** Checks and brands an agent id. @throws TypeError when it is not a UUID v7. */
export const agentId = agent.make;
/** Checks and brands a session id. @throws TypeError when it is not a UUID v7. */
export const sessionId = session.make;
/** Checks and brands a transaction id. @throws TypeError when it is not a UUID v7. */
export const transactionId = transaction.make;
/** Checks and brands a recall id. @throws TypeError when it is not a UUID v7. */
export const recallId = recall.make;
/** Checks and brands a policy id. @throws TypeError when it is not a UUID v7. */
export const policyId = policy.make;
/** Checks and brands the id of a notification channel. @throws TypeError when it is not a UUID v7. */
export const notificationChannelId = notificationChannel.make;

/** Makes ids. */
export interface IdGenerator {
  /** The next UUID v7; greater than every id this generator made before, whatever the clock does. */
  next(): string;
}

/** Fills a buffer with random bytes from a cryptographic source. */
export type RandomBytes = (length: number) => Uint8Array;

const COUNTER_LIMIT = 0x1000;
const RANDOM_LENGTH = 10;

/**
 * A generator of UUID v7 whose ids never go backwards: within one millisecond, and while the clock stands still or runs
 * back, the 12 bits after the time count up (RFC 9562 §6.2, method 1). Cursor pagination relies on it (01 §2.2).
 *
 * @param clock where the time comes from
 * @param randomBytes where the random part comes from
 * @example createIdGenerator(systemClock, randomBytes).next() // "0192f3a1-…", with randomBytes of node:crypto
 */
export function createIdGenerator(clock: Clock, randomBytes: RandomBytes): IdGenerator {
  let lastTime = 0;
  let counter = 0;
  return {
    next() {
      const random = randomBytes(RANDOM_LENGTH);
      // Ids whose random part is missing could be guessed, and could meet those of another generator.
      if (random.length < RANDOM_LENGTH) throw new RangeError('An id needs 10 random bytes');
      const now = Math.floor(clock.now());
      if (now > lastTime) {
        lastTime = now;
        // Start in the lower half, so that a busy millisecond has at least 2,048 ids before it borrows the next one.
        counter = (((random[8] ?? 0) << 8) | (random[9] ?? 0)) & 0x7ff;
      } else if (++counter === COUNTER_LIMIT) {
        lastTime += 1;
        counter = 0;
      }
      const time = lastTime.toString(16).padStart(12, '0');
      const hex = (index: number): string => (random[index] ?? 0).toString(16).padStart(2, '0');
      const variant = (((random[0] ?? 0) & 0x3f) | 0x80).toString(16);
      const tail = `${hex(2)}${hex(3)}${hex(4)}${hex(5)}${hex(6)}${hex(7)}`;
      const sequence = counter.toString(16).padStart(3, '0');
      return `${time.slice(0, 8)}-${time.slice(8)}-7${sequence}-${variant}${hex(1)}-${tail}`;
    },
  };
}
