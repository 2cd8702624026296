import { createHmac } from 'node:crypto';
import { type Clock, unixSeconds } from '@waiaas/core';
import type { HttpClient } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';
import { PLAIN_STYLE, write } from '../text/text.ts';
import { CHECK_TIMEOUT_MS, refusedBy, retryAfterOf, type Sender, taken, unreachable } from './channel.ts';

/** Longest a receiver may take, ms (08 §2.10). */
const WEBHOOK_TIMEOUT_MS = 5_000;
const TEXT_MAX = 4000;

/** The stored configuration of a webhook. */
export interface WebhookConfig {
  readonly url: string;
  readonly secret: string;
  /** The secret before this one, good until `previousUntil` (Unix seconds). */
  readonly previousSecret?: string | undefined;
  readonly previousUntil?: number | undefined;
}

/**
 * What a receiver gets: the event as data, and as words for people. `id` is the same at every attempt; `sequence` grows
 * with each event, so that receivers can put them in order and see gaps.
 */
export const webhookPayload = (message: Message) => {
  const { event, ...data } = message.event;
  return {
    id: message.id,
    sequence: message.sequence,
    type: event,
    level: message.level,
    createdAt: message.createdAt,
    title: message.title,
    text: write(message.body, PLAIN_STYLE, TEXT_MAX),
    data,
  };
};

/**
 * The signature header: `t=<unix>,v1=<hex HMAC-SHA256(secret, t + "." + body)>`, one v1 for each secret in force
 * (08 §2.10).
 */
export function webhookSignature(secrets: readonly string[], time: number, body: string): string {
  const signatures = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${time}.${body}`).digest('hex')}`,
  );
  return [`t=${time}`, ...signatures].join(',');
}

/** Posts signed events to a server of the owner's own. */
export function createWebhookSender(
  config: WebhookConfig,
  { http, clock }: { readonly http: HttpClient; readonly clock: Clock },
): Sender {
  const url = new URL(config.url);
  const { secret, previousSecret, previousUntil = 0 } = config;
  return {
    async send(message, signal) {
      const now = unixSeconds(clock);
      const body = JSON.stringify(webhookPayload(message));
      const inForce = previousSecret === undefined || now >= previousUntil ? [secret] : [secret, previousSecret];
      try {
        const answer = await http.send({
          method: 'POST',
          url,
          headers: {
            'content-type': 'application/json',
            'x-waiaas-event': message.event.event,
            'x-waiaas-delivery': message.id,
            'x-waiaas-signature': webhookSignature(inForce, now, body),
          },
          body,
          timeoutMs: WEBHOOK_TIMEOUT_MS,
          signal,
        });
        if (answer.status >= 200 && answer.status < 300) return taken(answer.status);
        return refusedBy(answer, { retryAfter: retryAfterOf(answer) });
      } catch (error) {
        return unreachable(error);
      }
    },
    async check(signal) {
      try {
        // Receivers need not know HEAD; that one answers, and not with "nothing here", is what shows.
        const answer = await http.send({ method: 'HEAD', url, timeoutMs: CHECK_TIMEOUT_MS, signal });
        const { status } = answer;
        if (status >= 200 && status < 500 && ![404, 410, 429].includes(status) && (status < 300 || status >= 400)) {
          return taken(status);
        }
        return refusedBy(answer, { retryAfter: retryAfterOf(answer) });
      } catch (error) {
        return unreachable(error);
      }
    },
    // Also the address: receivers put tokens into it.
    secrets: [secret, ...(previousSecret === undefined ? [] : [previousSecret]), url.href, url.pathname + url.search],
  };
}
