import type { telegramChannelConfigSchema } from '@waiaas/core';
import { z } from 'zod';
import type { HttpClient } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';
import { cut, oneLine, PLAIN_STYLE, type Style, units, write } from '../text/text.ts';
import {
  CHECK_TIMEOUT_MS,
  jsonOf,
  refusedBy,
  SEND_TIMEOUT_MS,
  type Sender,
  type SendResult,
  taken,
  unreachable,
} from './channel.ts';
import { glyphOf } from './level-marks.ts';

/** The Bot API server where none of one's own is named. */
export const TELEGRAM_API = 'https://api.telegram.org';

/** Longest message the Bot API takes, and what the parts around the body may have of it. */
const MESSAGE_MAX = 4096;
const TITLE_MAX = 200;
/** Seconds to wait where a 429 does not say (05 §2.5). */
const RETRY_AFTER = 30;

/** MarkdownV2: these have a meaning everywhere outside of code. */
const escaped = (words: string): string => words.replace(/[\\_*[\]()~`>#+\-=|{}.!]/g, '\\$&');

/** What is foreign is set as code: no markup in it works, and what looks like a link is none. */
export const MARKDOWN_V2: Style = {
  plain: escaped,
  foreign: (words) => `\`${words.replace(/[\\`]/g, '\\$&')}\``,
  measure: units,
};

const answerSchema = z.object({
  ok: z.boolean(),
  description: z.string().optional(),
  parameters: z.object({ retry_after: z.number().nonnegative().optional() }).optional(),
});

function layout(
  message: Message,
  style: Style,
  bold: (title: string) => string,
  italic: (time: string) => string,
): string {
  const title = `${glyphOf(message)} ${bold(style.plain(cut(oneLine(message.title), TITLE_MAX)))}`;
  const time = italic(style.plain(message.createdAt));
  const facts = message.facts.map(({ label, value }) => write([`${label}: `, value], style, 400)).join('\n');
  const around = style.measure(`${title}\n\n\n\n${facts}\n\n${time}`);
  const body = write(message.body, style, Math.max(0, MESSAGE_MAX - around));
  return [title, body, facts, time].filter((part) => part !== '').join('\n\n');
}

/** A message in MarkdownV2, at most 4096 units long. */
export const telegramText = (message: Message): string =>
  layout(
    message,
    MARKDOWN_V2,
    (title) => `*${title}*`,
    (time) => `_${time}_`,
  );

/** The same without markup. */
export const telegramPlainText = (message: Message): string =>
  layout(
    message,
    PLAIN_STYLE,
    (title) => title,
    (time) => time,
  );

/** Buttons under a message, as the Bot API takes them. */
export type InlineKeyboard = readonly (readonly { readonly text: string; readonly callback_data: string }[])[];

/** A chat, and the bot it is with. */
export interface TelegramChat {
  readonly botToken: string;
  readonly chatId: string;
}

/** What the Telegram channel works with. */
export interface TelegramChannelDependencies {
  readonly http: HttpClient;
  /** Buttons for a message in this chat; none where no bot listens to them. */
  readonly keyboard: (message: Message, chat: TelegramChat) => InlineKeyboard | null;
}

/** Sends to one chat of a Telegram bot. */
export function createTelegramSender(
  config: z.output<typeof telegramChannelConfigSchema>,
  { http, keyboard }: TelegramChannelDependencies,
): Sender {
  const base = (config.apiUrl ?? TELEGRAM_API).replace(/\/+$/, '');

  async function call(
    method: 'sendMessage' | 'getChat',
    body: Readonly<Record<string, unknown>>,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<SendResult> {
    try {
      const answer = await http.send({
        method: 'POST',
        url: new URL(`${base}/bot${config.botToken}/${method}`),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        timeoutMs,
        signal,
      });
      const said = answerSchema.safeParse(jsonOf(answer));
      if (said.success && said.data.ok && answer.status === 200) return taken(answer.status);
      return refusedBy(answer, {
        reason: said.data?.description,
        retryAfter: said.data?.parameters?.retry_after ?? RETRY_AFTER,
      });
    } catch (error) {
      return unreachable(error);
    }
  }

  return {
    async send(message, signal) {
      const buttons = keyboard(message, config);
      const common = {
        chat_id: config.chatId,
        link_preview_options: { is_disabled: true },
        ...(buttons === null ? {} : { reply_markup: { inline_keyboard: buttons } }),
      };
      const marked = { ...common, text: telegramText(message), parse_mode: 'MarkdownV2' };
      const first = await call('sendMessage', marked, SEND_TIMEOUT_MS, signal);
      if (first.success || first.kind !== 'message_refused' || first.status !== 400) return first;
      // A mark that Telegram does not take must not cost the alert: the same words, unmarked.
      const second = await call(
        'sendMessage',
        { ...common, text: telegramPlainText(message) },
        SEND_TIMEOUT_MS,
        signal,
      );
      // Refused in both forms, it is not the words: an unknown chat is a 400, too.
      if (!second.success && second.kind === 'message_refused') return { ...second, kind: 'channel_refused' };
      return second;
    },
    check: (signal) => call('getChat', { chat_id: config.chatId }, CHECK_TIMEOUT_MS, signal),
    secrets: [config.botToken],
  };
}
