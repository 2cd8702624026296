import type { slackChannelConfigSchema } from '@waiaas/core';
import type { z } from 'zod';
import type { HttpClient } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';
import { type Style, units, write } from '../text/text.ts';
import {
  CHECK_TIMEOUT_MS,
  refusedBy,
  retryAfterOf,
  SEND_TIMEOUT_MS,
  type Sender,
  taken,
  unreachable,
} from './channel.ts';
import { colourOf, glyphOf } from './level-marks.ts';

const TITLE_MAX = 250;
const TEXT_MAX = 3000;
const VALUE_MAX = 1000;

/** The three characters by which Slack knows links, mentions and commands such as <!channel>. */
const entities = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const MRKDWN: Style = {
  plain: entities,
  foreign: (words) => `\`${entities(words.replaceAll('`', 'ˋ'))}\``,
  measure: units,
};

/** A message as the body of an incoming webhook; attachments are understood by what speaks like Slack, too. */
export function slackPayload(message: Message) {
  const title = write([`${glyphOf(message)} ${message.title}`], MRKDWN, TITLE_MAX);
  return {
    text: title,
    unfurl_links: false,
    unfurl_media: false,
    attachments: [
      {
        fallback: title,
        color: `#${colourOf(message).toString(16).padStart(6, '0')}`,
        text: write(message.body, MRKDWN, TEXT_MAX),
        fields: message.facts.map(({ label, value }) => ({
          title: label,
          value: write([value], MRKDWN, VALUE_MAX),
          short: true,
        })),
        mrkdwn_in: ['text', 'fields'],
        footer: 'WAIaaS Security',
        ts: Math.floor(Date.parse(message.createdAt) / 1000),
      },
    ],
  };
}

/** Sends to an incoming webhook of Slack, Mattermost, Rocket.Chat and their like. */
export function createSlackSender(
  { webhookUrl }: z.output<typeof slackChannelConfigSchema>,
  { http }: { readonly http: HttpClient },
): Sender {
  const url = new URL(webhookUrl);
  const post = (body: unknown, timeoutMs: number, signal: AbortSignal | undefined) =>
    http.send({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      timeoutMs,
      signal,
    });
  /** Slack answers errors with a word such as `no_service`; anything else is not repeated. */
  const wordOf = (text: string): string | undefined => (/^[a-z_]{1,60}$/.test(text.trim()) ? text.trim() : undefined);

  return {
    async send(message, signal) {
      try {
        const answer = await post(slackPayload(message), SEND_TIMEOUT_MS, signal);
        if (answer.status === 200) return taken(answer.status);
        return refusedBy(answer, { reason: wordOf(answer.text), retryAfter: retryAfterOf(answer) });
      } catch (error) {
        return unreachable(error);
      }
    },
    async check(signal) {
      try {
        // A webhook that exists finds an empty message wanting (400); one that does not says so (403, 404, 410).
        const answer = await post({}, CHECK_TIMEOUT_MS, signal);
        if (answer.status === 200 || answer.status === 400) return taken(answer.status);
        return refusedBy(answer, { reason: wordOf(answer.text), retryAfter: retryAfterOf(answer) });
      } catch (error) {
        return unreachable(error);
      }
    },
    secrets: [webhookUrl, url.pathname],
  };
}
