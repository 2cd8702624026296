import type { ntfyChannelConfigSchema } from '@waiaas/core';
import { z } from 'zod';
import type { HttpClient } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';
import { bytes, cut, oneLine, PLAIN_STYLE, type Style, write } from '../text/text.ts';
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
import { shownLevel } from './level-marks.ts';

/** Longest message of ntfy, in bytes; longer ones become attachments. */
const MESSAGE_MAX = 4096;
const TITLE_MAX = 120;

const STYLE: Style = { ...PLAIN_STYLE, measure: bytes };

const PRIORITY = { CRITICAL: 5, WARNING: 4, INFO: 3 } as const;

/** Tags, of which ntfy shows the first ones as signs (05 §2.5). */
function tagsOf(message: Message): readonly string[] {
  const { event } = message.event;
  const level = message.urgent
    ? ['rotating_light']
    : { CRITICAL: ['rotating_light', 'skull'], WARNING: ['warning'], INFO: ['information_source'] }[message.level];
  const topic = event.startsWith('TX_')
    ? ['money_with_wings']
    : event.startsWith('KILL_SWITCH')
      ? ['octagonal_sign']
      : event.startsWith('SESSION_')
        ? ['key']
        : [];
  return [...level, ...topic];
}

const errorSchema = z.object({ error: z.string().optional() });

/** A message as JSON for the root of a server: no header is involved, so a title may have any letters. */
export function ntfyPayload(message: Message, topic: string) {
  const facts = message.facts.map(({ label, value }) => write([`${label}: `, value], STYLE, 400)).join('\n');
  const body = write(message.body, STYLE, Math.max(0, MESSAGE_MAX - bytes(`\n\n${facts}`)));
  return {
    topic,
    title: cut(oneLine(message.title), TITLE_MAX),
    message: [body, facts].filter((part) => part !== '').join('\n\n'),
    priority: PRIORITY[shownLevel(message)],
    tags: tagsOf(message),
  };
}

/** Publishes to a topic of an ntfy server. */
export function createNtfySender(
  { serverUrl, topic, authToken }: z.output<typeof ntfyChannelConfigSchema>,
  { http }: { readonly http: HttpClient },
): Sender {
  const base = serverUrl.replace(/\/+$/, '');
  const authorization = authToken === undefined ? {} : { authorization: `Bearer ${authToken}` };
  const look = (path: string, signal: AbortSignal | undefined) =>
    http.send({
      method: 'GET',
      url: new URL(`${base}${path}`),
      headers: authorization,
      timeoutMs: CHECK_TIMEOUT_MS,
      signal,
    });

  return {
    async send(message, signal) {
      try {
        const answer = await http.send({
          method: 'POST',
          url: new URL(`${base}/`),
          headers: { 'content-type': 'application/json', ...authorization },
          body: JSON.stringify(ntfyPayload(message, topic)),
          timeoutMs: SEND_TIMEOUT_MS,
          signal,
        });
        if (answer.status >= 200 && answer.status < 300) return taken(answer.status);
        return refusedBy(answer, {
          reason: errorSchema.safeParse(jsonOf(answer)).data?.error,
          retryAfter: retryAfterOf(answer),
        });
      } catch (error) {
        return unreachable(error);
      }
    },
    async check(signal) {
      try {
        const topicAnswer = await look(`/${topic}/json?poll=1&since=1s`, signal);
        // A token that may only publish must not read the topic; then it has to do that the server is well.
        const answer =
          topicAnswer.status === 403 && authToken !== undefined ? await look('/v1/health', signal) : topicAnswer;
        if (answer.status >= 200 && answer.status < 300) return taken(answer.status);
        return refusedBy(answer, { retryAfter: retryAfterOf(answer) });
      } catch (error) {
        return unreachable(error);
      }
    },
    secrets: authToken === undefined ? [] : [authToken],
  };
}
