import type { discordChannelConfigSchema } from '@waiaas/core';
import { z } from 'zod';
import type { HttpClient } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';
import { type Style, units, write } from '../text/text.ts';
import {
  CHECK_TIMEOUT_MS,
  jsonOf,
  refusedBy,
  retryAfterOf,
  SEND_TIMEOUT_MS,
  type Sender,
  taken,
  unreachable,
} from './channel.ts';
import { colourOf, glyphOf } from './level-marks.ts';

/** Limits of an embed. */
const TITLE_MAX = 256;
const DESCRIPTION_MAX = 4096;
const VALUE_MAX = 1024;
/** Seconds to wait where a 429 does not say (05 §2.5). */
const RETRY_AFTER = 5;

/** Markdown of Discord. */
const MARKDOWN: Style = {
  plain: (words) => words.replace(/[\\*_~`|>#\-[\]()<@]/g, '\\$&'),
  foreign: (words) => `\`${words.replaceAll('`', 'ˋ')}\``,
  measure: units,
};

const answerSchema = z.object({ message: z.string().optional(), retry_after: z.number().nonnegative().optional() });

/** A message as the body of a webhook call. */
export const discordPayload = (message: Message) => ({
  username: 'WAIaaS Security',
  // Nobody is pinged by what an agent wrote.
  allowed_mentions: { parse: [] },
  embeds: [
    {
      title: write([`${glyphOf(message)} ${message.title}`], MARKDOWN, TITLE_MAX),
      description: write(message.body, MARKDOWN, DESCRIPTION_MAX),
      color: colourOf(message),
      fields: message.facts.map(({ label, value }) => ({
        name: label,
        value: write([value], MARKDOWN, VALUE_MAX),
        inline: true,
      })),
      footer: { text: message.event.event === 'KILL_SWITCH_ACTIVATED' ? 'WAIaaS Emergency' : 'WAIaaS Security' },
      timestamp: message.createdAt,
    },
  ],
});

/** Sends to a Discord webhook. */
export function createDiscordSender(
  { webhookUrl }: z.output<typeof discordChannelConfigSchema>,
  { http }: { readonly http: HttpClient },
): Sender {
  const url = new URL(webhookUrl);
  return {
    async send(message, signal) {
      try {
        const answer = await http.send({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(discordPayload(message)),
          timeoutMs: SEND_TIMEOUT_MS,
          signal,
        });
        if (answer.status === 200 || answer.status === 204) return taken(answer.status);
        const said = answerSchema.safeParse(jsonOf(answer));
        return refusedBy(answer, {
          reason: said.data?.message,
          retryAfter: said.data?.retry_after ?? retryAfterOf(answer) ?? RETRY_AFTER,
        });
      } catch (error) {
        return unreachable(error);
      }
    },
    async check(signal) {
      try {
        const answer = await http.send({ method: 'GET', url, timeoutMs: CHECK_TIMEOUT_MS, signal });
        return answer.status === 200
          ? taken(answer.status)
          : refusedBy(answer, { retryAfter: retryAfterOf(answer) ?? RETRY_AFTER });
      } catch (error) {
        return unreachable(error);
      }
    },
    secrets: [webhookUrl, url.pathname],
  };
}
