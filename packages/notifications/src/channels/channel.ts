import { type HttpAnswer, HttpFailure } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';

/**
 * Why a message was not taken.
 *
 * | kind              | means                                                     | says something about |
 * | ----------------- | --------------------------------------------------------- | -------------------- |
 * | `unavailable`     | no answer, or a fault of the service                      | the channel          |
 * | `rate_limited`    | too many messages                                         | neither              |
 * | `channel_refused` | the secret, the chat or the address is not accepted       | the channel          |
 * | `message_refused` | this very message is not accepted                         | the message          |
 */
export type SendFailureKind = 'unavailable' | 'rate_limited' | 'channel_refused' | 'message_refused';

/** What became of a message. */
export type SendResult =
  | { readonly success: true; readonly status: number }
  | {
      readonly success: false;
      readonly kind: SendFailureKind;
      /** Without secrets and addresses. */
      readonly error: string;
      readonly status?: number;
      /** Seconds after which the service takes messages again. */
      readonly retryAfter?: number;
    };

/** A way to reach the owner. */
export interface Sender {
  /** Sends a message. Never throws: whatever went wrong is in the result. */
  send(message: Message, signal?: AbortSignal): Promise<SendResult>;
  /** Finds out, without telling the owner anything, whether a message would get through. */
  check(signal?: AbortSignal): Promise<SendResult>;
  /** What must appear in no log and no answer. */
  readonly secrets: readonly string[];
}

/** Longest a service may take over a message, ms (05 §2.5). */
export const SEND_TIMEOUT_MS = 10_000;
/** Longest it may take over a check, ms. */
export const CHECK_TIMEOUT_MS = 5_000;

/** A message was taken. */
export const taken = (status: number): SendResult => ({ success: true, status });

/** What a failed request means. */
export function unreachable(error: unknown): SendResult {
  if (!(error instanceof HttpFailure)) throw error;
  return {
    success: false,
    kind: error.kind === 'refused' ? 'channel_refused' : 'unavailable',
    error: error.message,
  };
}

/** Seconds of a Retry-After header: a number, also with a fraction, or a date. Undefined for anything else. */
export function retryAfterOf(answer: HttpAnswer): number | undefined {
  const value = answer.header('retry-after')?.trim();
  if (value === undefined) return undefined;
  if (/^\d{1,10}(\.\d{1,6})?$/.test(value)) return Number(value);
  const [at, now] = [Date.parse(value), Date.parse(answer.header('date') ?? '')];
  return Number.isNaN(at) || Number.isNaN(now) ? undefined : Math.max(0, (at - now) / 1000);
}

/**
 * What an answer means that is not the one that was hoped for.
 * @param reason what the service says about it, where that is known to hold no secret
 */
export function refusedBy(
  answer: HttpAnswer,
  { reason, retryAfter }: { readonly reason?: string | undefined; readonly retryAfter?: number | undefined } = {},
): SendResult {
  const { status } = answer;
  const said = reason === undefined || reason === '' ? '' : `: ${reason.slice(0, 200)}`;
  const failure = (kind: SendFailureKind, words: string) => ({
    success: false as const,
    kind,
    error: `${words} (HTTP ${status})${said}`,
    status,
  });
  if (status === 429) {
    return { ...failure('rate_limited', 'Too many messages'), ...(retryAfter === undefined ? {} : { retryAfter }) };
  }
  if (status >= 500 || status === 408) return failure('unavailable', 'The service has a fault');
  if (status >= 300 && status < 400) return failure('channel_refused', 'Redirects are not followed');
  if (status === 400 || status === 413 || status === 422) return failure('message_refused', 'The message is refused');
  if (status >= 400) return failure('channel_refused', 'The service refuses the channel');
  return failure('unavailable', 'The answer is not one of the service');
}

/** The JSON of an answer; undefined when it is none. */
export function jsonOf({ text }: HttpAnswer): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
