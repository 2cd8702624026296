import {
  type Clock,
  type Logger,
  type NotificationLocale,
  type RandomBytes,
  unixSeconds,
  WaiaasError,
} from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import type { Storage } from '@waiaas/storage';
import { Bot, type Context, GrammyError } from 'grammy';
import type { ChannelBook } from '../channels/channel-book.ts';
import { type InlineKeyboard, MARKDOWN_V2, type TelegramChannelDependencies } from '../channels/telegram-channel.ts';
import type { Timers } from '../delivery/attempt.ts';
import { createRedactor } from '../delivery/redact.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { ChannelManagement } from '../management/channel-management.ts';
import { cut, oneLine, PLAIN_STYLE, say, type Text, write } from '../text/text.ts';
import type { BotServices } from './bot-services.ts';
import { BOT_COMMANDS, type BotCommand, botWords } from './bot-words.ts';
import { buttonRow, decodeButton } from './button.ts';
import { createOwnerChat, type OwnerChat, type Reply } from './owner-chat.ts';
import { createPairing } from './pairing.ts';
import { createPoller, type PollerState, reasonOf } from './poller.ts';
import { createStrangers } from './strangers.ts';

/** What the bot works with. */
export interface TelegramBotDependencies {
  readonly botToken: string;
  /** Where the Bot API is; without a slash at its end. */
  readonly apiUrl: string;
  /** A chat that is the owner's without pairing; null: only the paired one is. */
  readonly ownerChatId: string | null;
  readonly http: HttpClient;
  readonly book: Pick<ChannelBook, 'pairedWith'>;
  readonly channels: Pick<ChannelManagement, 'pair'>;
  readonly services: BotServices;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly randomBytes: RandomBytes;
}

/** The bot that the owner steers the daemon with (05 §5). */
export interface TelegramBot {
  start(): void;
  stop(): Promise<void>;
  state(): PollerState & { readonly isPaired: boolean };
  /**
   * Makes the chat that was given a code the one the owner steers the daemon from, in the place of any other.
   * @throws WaiaasError INVALID_PAIRING_CODE, INVALID_CHANNEL_CONFIG
   */
  verify(
    code: string,
    origin: RequestOrigin,
  ): Promise<{ readonly channelId: string; readonly chatId: string; readonly chatName: string }>;
  /** Buttons for a message to a chat; none where nobody would listen to them. */
  readonly keyboard: TelegramChannelDependencies['keyboard'];
}

const POLL_SECONDS = 30;
/** Telegram holds the question for 30 s; then it must have answered. */
const POLL_TIMEOUT_MS = 35_000;
const CALL_TIMEOUT_MS = 10_000;
/** Updates at once. Each may be some tens of KiB. */
const UPDATES_MAX = 50;
const ANSWER_MAX = 8 * 1024 * 1024;
/** Longest text of a message. */
const MESSAGE_MAX = 4096;
/** Commands older than this were meant for a situation that is over, seconds. */
const COMMAND_LIFE = 600;

type Chat = { readonly chatId: string; readonly locale: NotificationLocale };

const isCommand = (word: string): word is BotCommand => BOT_COMMANDS.some((command) => command === word);

const localeOf = (language: string | undefined): NotificationLocale =>
  language?.startsWith('ko') === true ? 'ko' : 'en';

/**
 * Makes the bot. grammY reads updates and knows the Bot API; the connection is the package's own HTTP client, so that the
 * same addresses are refused and the same time-outs hold, and the loop is its own, because the offset is kept in the
 * database.
 */
export function makeTelegramBot(dependencies: TelegramBotDependencies): TelegramBot {
  const { botToken, apiUrl, ownerChatId, http, book, channels, services, storage, clock, timers, logger, randomBytes } =
    dependencies;
  const redact = createRedactor(() => [botToken]);
  const ending = new AbortController();
  const pairing = createPairing({ clock, randomBytes });
  const mayAnswer = createStrangers({ clock });
  const bot = new Bot(botToken, {
    client: {
      apiRoot: apiUrl,
      timeoutSeconds: 60,
      async fetch(input: string | URL, init?: { readonly body?: unknown }) {
        const url = new URL(input);
        const isPoll = url.pathname.endsWith('/getUpdates');
        const answer = await http.send({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/json' },
          body: typeof init?.body === 'string' ? init.body : '{}',
          timeoutMs: isPoll ? POLL_TIMEOUT_MS : CALL_TIMEOUT_MS,
          signal: ending.signal,
          answerMax: ANSWER_MAX,
        });
        // The Bot API says in the body how it went.
        return new Response(answer.text);
      },
    },
  });

  const ownerChat = (): Chat | undefined => {
    const paired = book.pairedWith(botToken);
    if (ownerChatId === null) return paired;
    return { chatId: ownerChatId, locale: paired?.chatId === ownerChatId ? paired.locale : 'en' };
  };

  /** Telegram vouches for who wrote; in a group, an answer would be read by others (05 §5.3). */
  function ownerOf({ chat, from }: Context): Chat | undefined {
    const owner = ownerChat();
    const isOwner = chat?.type === 'private' && from !== undefined && String(from.id) === owner?.chatId;
    return isOwner ? owner : undefined;
  }

  const originOf = ({ chatId }: Chat): RequestOrigin => ({
    actor: { kind: 'telegram', chatId },
    confirmCredential() {
      if (ownerChat()?.chatId !== chatId) throw new WaiaasError('UNAUTHORIZED');
    },
  });

  const serve = (owner: Chat): OwnerChat =>
    createOwnerChat({ services, words: botWords(owner.locale), origin: originOf(owner), clock, logger });

  const keysOf = (buttons: InlineKeyboard | undefined) => ({
    inline_keyboard: (buttons ?? []).map((row) => row.map((button) => ({ ...button }))),
  });
  const plain = { link_preview_options: { is_disabled: true } } as const;

  async function answer(ctx: Context, { text, buttons }: Reply): Promise<void> {
    await ctx.reply(write(text, MARKDOWN_V2, MESSAGE_MAX), {
      ...plain,
      parse_mode: 'MarkdownV2',
      ...(buttons === undefined ? {} : { reply_markup: keysOf(buttons) }),
    });
  }

  /** The message a button was under says from now on what came of it. */
  async function settle(ctx: Context, { text, buttons }: Reply): Promise<void> {
    const before = ctx.callbackQuery?.message?.text;
    if (before === undefined) return answer(ctx, { text, ...(buttons === undefined ? {} : { buttons }) });
    const outcome = write(text, PLAIN_STYLE, MESSAGE_MAX / 2);
    try {
      await ctx.editMessageText(`${cut(before, MESSAGE_MAX / 2 - 2)}\n\n${outcome}`, {
        ...plain,
        reply_markup: keysOf(buttons),
      });
    } catch (error) {
      // Too old to be changed, or gone: then it is said anew.
      if (!(error instanceof GrammyError)) throw error;
      await answer(ctx, { text });
    }
  }

  function introduce(command: BotCommand | null, ctx: Context, isOwner: boolean, locale: NotificationLocale): Text {
    const words = botWords(locale);
    switch (command) {
      case 'start':
        return words.introduction;
      case 'help':
        return words.help;
      case 'auth': {
        if (isOwner) return words.alreadyPaired;
        if (services.killSwitch() !== 'NORMAL') return words.locked(services.killSwitch());
        const { from } = ctx;
        const chatName = oneLine([from?.first_name, from?.last_name].filter((part) => part !== undefined).join(' '));
        const code = pairing.issue({ chatId: String(from?.id), chatName: cut(chatName, 64), locale });
        return code === null ? words.tooManyCodes : words.code(code);
      }
      default:
        return isOwner ? words.unknownCommand : say`${words.notAuthorised}`;
    }
  }

  bot.chatType('private').on('message:text', async (ctx) => {
    const [word = '', ...rest] = ctx.message.text.trim().split(/\s+/);
    if (!word.startsWith('/')) return;
    if (ctx.message.date + COMMAND_LIFE < unixSeconds(clock)) return;
    const [name = '', addressee] = word.slice(1).toLowerCase().split('@');
    if (addressee !== undefined && addressee !== ctx.me.username.toLowerCase()) return;
    const owner = ownerOf(ctx);
    const command = isCommand(name) ? name : null;
    const locale = owner?.locale ?? localeOf(ctx.from.language_code);
    if (owner === undefined && !mayAnswer(String(ctx.from.id))) return;
    if (owner === undefined || command === null || command === 'start' || command === 'help' || command === 'auth') {
      return answer(ctx, { text: introduce(command, ctx, owner !== undefined, locale) });
    }
    for (const reply of await serve(owner).command(command, rest.join(' '))) await answer(ctx, reply);
  });

  bot.on('callback_query:data', async (ctx) => {
    const owner = ownerOf(ctx);
    if (owner === undefined) {
      if (!mayAnswer(String(ctx.from.id))) return;
      const text = botWords(localeOf(ctx.from.language_code)).notAuthorised;
      await ctx.answerCallbackQuery({ text, show_alert: true });
      return;
    }
    try {
      await ctx.answerCallbackQuery();
    } catch (error) {
      // Telegram takes no answer after a while. What was asked for is done all the same.
      logger.debug({ error: redact(String(error)) }, 'A button was answered too late');
    }
    const button = decodeButton(ctx.callbackQuery.data);
    await settle(ctx, button === null ? { text: botWords(owner.locale).notFound } : await serve(owner).press(button));
  });

  async function prepare(): Promise<void> {
    bot.botInfo = await bot.api.getMe();
    // Where a webhook is set, nobody else may ask for updates.
    await bot.api.deleteWebhook();
    for (const [locale, options] of [
      ['en', {}],
      ['ko', { language_code: 'ko' }],
    ] as const) {
      const { commands } = botWords(locale);
      const menu = BOT_COMMANDS.map((command) => ({ command, description: commands[command] }));
      try {
        await bot.api.setMyCommands(menu, options);
      } catch (error) {
        // The menu is a convenience; commands work without it.
        logger.warn({ error: redact(reasonOf(error)) }, 'The menu of the chat could not be set');
      }
    }
  }

  const [botId = ''] = botToken.split(':');
  const poller = createPoller({
    botId,
    prepare,
    fetchUpdates: (offset) =>
      bot.api.getUpdates({
        offset,
        limit: UPDATES_MAX,
        timeout: POLL_SECONDS,
        allowed_updates: ['message', 'callback_query'],
      }),
    handle: (update) => bot.handleUpdate(update),
    storage,
    clock,
    timers,
    logger,
    redact,
  });

  return {
    start: poller.start,
    async stop() {
      ending.abort();
      await poller.stop();
    },
    state: () => ({ ...poller.state(), isPaired: ownerChat() !== undefined }),
    async verify(code, origin) {
      const request = pairing.take(code);
      if (request === undefined) throw new WaiaasError('INVALID_PAIRING_CODE');
      const { chatId, chatName, locale } = request;
      const { channel } = await channels.pair({ botToken, chatId, apiUrl, chatName, locale }, origin);
      try {
        await bot.api.sendMessage(chatId, write(botWords(locale).paired, PLAIN_STYLE, MESSAGE_MAX), plain);
      } catch (error) {
        logger.warn({ error: redact(reasonOf(error)) }, 'The paired chat could not be told that it is');
      }
      return { channelId: channel.id, chatId, chatName };
    },
    keyboard(message, chat) {
      const owner = ownerChat();
      if (chat.botToken !== botToken || chat.chatId !== owner?.chatId) return null;
      const { event, locale } = message;
      const { labels } = botWords(locale);
      if (event.event === 'TX_DELAY_QUEUED')
        return buttonRow([labels.reject, { kind: 'reject', id: event.payment.txId }]);
      if (event.event !== 'TX_APPROVAL_REQUEST') return null;
      const { txId: id } = event.payment;
      return buttonRow([labels.approve, { kind: 'approve', id }], [labels.reject, { kind: 'reject', id }]);
    },
  };
}
