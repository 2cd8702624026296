import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** A message in a chat, as it is shown now. */
export interface ChatMessage {
  readonly id: number;
  readonly chatId: string;
  text: string;
  buttons: readonly { readonly text: string; readonly callback_data: string }[];
}

/** A server that speaks as much of the Bot API as the daemon does. */
export interface BotApiServer {
  readonly url: string;
  readonly messages: readonly ChatMessage[];
  /** Offsets that updates were asked for with. */
  readonly offsets: readonly number[];
  /** Somebody writes to the bot. Resolves once the bot has dealt with it. */
  write(userId: number, text: string): Promise<void>;
  /** Somebody presses the button below a message. Resolves once the bot has dealt with it. */
  press(userId: number, message: ChatMessage, label: string): Promise<void>;
  /** Resolves with the first message that fits, past or to come. */
  next(fits: (message: ChatMessage) => boolean): Promise<ChatMessage>;
  close(): Promise<void>;
}

const callSchema = z.looseObject({
  chat_id: z.union([z.string(), z.number()]).optional(),
  message_id: z.number().optional(),
  offset: z.number().optional(),
  text: z.string().optional(),
  reply_markup: z
    .object({ inline_keyboard: z.array(z.array(z.object({ text: z.string(), callback_data: z.string() }))) })
    .optional(),
});

/** Starts one on a port of its own. */
export async function startBotApiServer(token: string): Promise<BotApiServer> {
  const messages: ChatMessage[] = [];
  const offsets: number[] = [];
  const watchers = new Set<() => void>();
  let updates: { readonly update_id: number }[] = [];
  let nextUpdate = 1;
  let polling: ServerResponse[] = [];

  const send = (response: ServerResponse, result: unknown): void => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: true, result }));
  };
  const changed = (): void => {
    for (const watcher of [...watchers]) watcher();
  };
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });

  /** What a method answers; undefined where the answer comes later. */
  function resultOf(method: string, given: z.infer<typeof callSchema>): unknown {
    const chat = { id: Number(given.chat_id), type: 'private', first_name: 'Alice' };
    const text = given.text ?? '';
    const buttons = given.reply_markup?.inline_keyboard.flat() ?? [];
    switch (method) {
      case 'getMe':
        return { id: 1, is_bot: true, first_name: 'W', username: 'waiaas_bot' };
      case 'getChat':
        return chat;
      case 'getUpdates': {
        const { offset = 0 } = given;
        offsets.push(offset);
        updates = updates.filter(({ update_id }) => update_id >= offset);
        return updates.length > 0 ? updates : undefined;
      }
      case 'sendMessage': {
        const message = { id: messages.length + 1, chatId: String(given.chat_id), text, buttons };
        messages.push(message);
        return { message_id: message.id, date: 1, chat, text };
      }
      case 'editMessageText': {
        const message = messages.find(({ id }) => id === given.message_id);
        if (message !== undefined) Object.assign(message, { text, buttons });
        return { message_id: given.message_id, date: 1, chat, text };
      }
      default:
        return true;
    }
  }

  function answer(response: ServerResponse, result: unknown): void {
    if (result === undefined) polling.push(response);
    else send(response, result);
  }

  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const [, given, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? [];
      if (given === token) answer(response, resultOf(method, callSchema.parse(JSON.parse(body === '' ? '{}' : body))));
      else response.writeHead(401).end('{"ok":false,"error_code":401,"description":"Unauthorized"}');
      changed();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No port');

  function push(update: object): Promise<void> {
    const update_id = nextUpdate++;
    updates.push({ update_id, ...update });
    for (const response of polling.splice(0)) send(response, updates);
    return until(() => offsets.some((offset) => offset > update_id));
  }
  const people = (id: number) => ({
    from: { id, is_bot: false, first_name: 'Alice' },
    chat: { id, type: 'private', first_name: 'Alice' },
  });
  const seconds = (): number => Math.floor(Date.now() / 1000);

  return {
    url: `http://127.0.0.1:${address.port}`,
    messages,
    offsets,
    write: (id, text) => push({ message: { message_id: 1, date: seconds(), text, ...people(id) } }),
    press(id, message, label) {
      const button = message.buttons.find(({ text }) => text === label);
      if (button === undefined) throw new Error(`There is no button ${label}`);
      const { from, chat } = people(id);
      return push({
        callback_query: {
          id: String(nextUpdate),
          from,
          chat_instance: 'c',
          data: button.callback_data,
          message: { message_id: message.id, date: seconds(), chat, text: message.text },
        },
      });
    },
    async next(fits) {
      await until(() => messages.some(fits));
      const found = messages.find(fits);
      if (found === undefined) throw new Error('The message is gone');
      return found;
    },
    async close() {
      polling = [];
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
