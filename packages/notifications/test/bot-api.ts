import { type Answer, type LoopbackServer, startServer } from './loopback-server.ts';
import { readMarkdownV2 } from './markdown-v2.ts';
import { BOT_TOKEN } from './services.ts';

/** Somebody who writes to the bot. */
export interface Person {
  readonly id: number;
  readonly name?: string;
  readonly language?: string;
  /** Writes in a group with the bot, not to the bot alone. */
  readonly group?: number;
}

/** A message in a chat, as people see it now. */
export interface Shown {
  readonly id: number;
  readonly chatId: string;
  text: string;
  code: readonly string[];
  buttons: readonly { readonly text: string; readonly callback_data: string }[];
}

/** The Bot API, as far as the bot uses it: its rules about updates, buttons and marks hold. */
export interface BotApi extends LoopbackServer {
  readonly messages: Shown[];
  /** What popped up when a button was pressed; empty for none. */
  readonly answers: { readonly id: string; readonly text: string }[];
  readonly menus: unknown[];
  /** Somebody writes. Resolves once the bot has dealt with it. @param ago how long ago, seconds */
  write(person: Person, text: string, ago?: number): Promise<void>;
  /** Somebody presses a button. Resolves once the bot has dealt with it. */
  press(person: Person, message: Shown | undefined, label: string): Promise<void>;
  /** Somebody sends what a button would. */
  pressData(person: Person, message: Shown | undefined, data: string): Promise<void>;
  last(): Shown;
}

const failure = (code: number, description: string, more: object = {}): Answer => ({
  status: code,
  body: { ok: false, error_code: code, description, ...more },
});
const ok = (result: unknown): Answer => ({ status: 200, body: { ok: true, result } });

/** Starts one. @param now seconds, for the dates of messages */
export async function startBotApi(now: () => number): Promise<BotApi> {
  const messages: Shown[] = [];
  const answers: { id: string; text: string }[] = [];
  const menus: unknown[] = [];
  let updates: { update_id: number }[] = [];
  let nextUpdate = 100;
  const wake: (() => void)[] = [];
  let waiting: { readonly offset: number; readonly done: () => void }[] = [];
  const open = new Set<string>();

  const shownOf = (given: Record<string, unknown>): Pick<Shown, 'text' | 'code' | 'buttons'> => {
    const text = String(given.text);
    const read = given.parse_mode === 'MarkdownV2' ? readMarkdownV2(text) : { text, code: [] };
    if (read.text.length > 4096 || read.text === '') throw new Error('Bad Request: message is too long');
    const keyboard =
      (given.reply_markup as { inline_keyboard?: Shown['buttons'][] } | undefined)?.inline_keyboard ?? [];
    const buttons = keyboard.flat();
    if (buttons.some(({ callback_data }) => Buffer.byteLength(callback_data) > 64))
      throw new Error('Bad Request: BUTTON_DATA_INVALID');
    return { ...read, buttons };
  };
  const told = (id: number, chatId: string, text: string) => ({
    message_id: id,
    date: now(),
    text,
    chat: { id: Number(chatId), type: 'private', first_name: 'x' },
  });

  const methods: Record<string, (given: Record<string, unknown>) => Answer | Promise<Answer>> = {
    getMe: () => ok({ id: 123456789, is_bot: true, first_name: 'W', username: 'Waiaas_bot', can_join_groups: true }),
    deleteWebhook: () => ok(true),
    setMyCommands(given) {
      menus.push(given);
      return ok(true);
    },
    getChat: (given) => ok({ id: Number(given.chat_id), type: 'private' }),
    async getUpdates(given) {
      const offset = Number(given.offset ?? 0);
      updates = updates.filter(({ update_id }) => update_id >= offset);
      for (const one of waiting.filter((entry) => entry.offset <= offset)) one.done();
      waiting = waiting.filter((entry) => entry.offset > offset);
      if (updates.length === 0) await new Promise<void>((resolve) => wake.push(resolve));
      return ok(updates.slice(0, Number(given.limit)));
    },
    sendMessage(given) {
      try {
        const shown = { id: messages.length + 1, chatId: String(given.chat_id), ...shownOf(given) };
        messages.push(shown);
        return ok(told(shown.id, shown.chatId, shown.text));
      } catch (error) {
        return failure(400, error instanceof Error ? error.message : 'Bad Request');
      }
    },
    editMessageText(given) {
      const message = messages.find(({ id }) => id === given.message_id);
      if (message === undefined) return failure(400, 'Bad Request: message to edit not found');
      Object.assign(message, shownOf(given));
      return ok(told(message.id, message.chatId, message.text));
    },
    answerCallbackQuery(given) {
      const id = String(given.callback_query_id);
      if (!open.delete(id)) return failure(400, 'Bad Request: query is too old and response timeout expired');
      answers.push({ id, text: String(given.text ?? '') });
      return ok(true);
    },
  };

  const server = await startServer(({ path, body }) => {
    const [, token, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (token !== BOT_TOKEN) return failure(401, 'Unauthorized');
    const answer = methods[method];
    return answer === undefined ? failure(404, 'Not Found') : answer(JSON.parse(body === '' ? '{}' : body));
  });

  function push(update: object): Promise<void> {
    const update_id = nextUpdate++;
    updates.push({ update_id, ...update });
    for (const one of wake.splice(0)) one();
    return new Promise((done) => waiting.push({ offset: update_id + 1, done }));
  }
  const userOf = ({ id, name = 'Somebody', language }: Person) => ({
    id,
    is_bot: false,
    first_name: name,
    ...(language === undefined ? {} : { language_code: language }),
  });
  const chatOf = ({ id, name = 'Somebody', group }: Person) =>
    group === undefined ? { id, type: 'private', first_name: name } : { id: group, type: 'group', title: 'g' };
  const pressData: BotApi['pressData'] = (person, message, data) => {
    const id = `q${nextUpdate}`;
    open.add(id);
    return push({
      callback_query: {
        id,
        from: userOf(person),
        chat_instance: 'c',
        data,
        message: {
          message_id: message?.id ?? 0,
          date: now(),
          chat: chatOf(person),
          ...(message === undefined ? {} : { text: message.text }),
        },
      },
    });
  };

  return Object.assign(server, {
    messages,
    answers,
    menus,
    write: (person: Person, text: string, ago = 0) =>
      push({
        message: { message_id: 1, date: now() - ago, text, chat: chatOf(person), from: userOf(person) },
      }),
    press(person: Person, message: Shown | undefined, label: string) {
      const button = message?.buttons.find(({ text }) => text === label);
      if (button === undefined) throw new Error(`There is no button ${label}`);
      return pressData(person, message, button.callback_data);
    },
    pressData,
    last() {
      const message = messages.at(-1);
      if (message === undefined) throw new Error('Nothing was said');
      return message;
    },
  });
}
