import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Answer, type LoopbackServer, type SeenRequest, startServer } from './loopback-server.ts';
import { readMarkdownV2 } from './markdown-v2.ts';

/* Servers that speak what the services document, and refuse what the services refuse. */

const json = (text: string): Record<string, unknown> => {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('Not an object');
  return { ...value };
};

export const BOT_TOKEN = '123456789:AAcanaryTOKENcanaryTOKENcanaryTOKEN';
export const CHAT = '4242';

const telegramError = (code: number, description: string, parameters?: object): Answer => ({
  status: code,
  body: { ok: false, error_code: code, description, ...(parameters === undefined ? {} : { parameters }) },
});

/** api.telegram.org, as far as a channel uses it. */
export interface TelegramService extends LoopbackServer {
  /** What the owner's chat shows. */
  readonly messages: string[];
}

export async function startTelegram(): Promise<TelegramService> {
  const messages: string[] = [];
  const server = await startServer(({ method, path, body }) => {
    const [, token, call] = /^\/bot([^/]+)\/(\w+)$/.exec(path) ?? [];
    if (token !== BOT_TOKEN) return telegramError(401, 'Unauthorized');
    const given = method === 'POST' ? json(body) : {};
    if (given.chat_id !== CHAT) return telegramError(400, 'Bad Request: chat not found');
    if (call === 'getChat') return { status: 200, body: { ok: true, result: { id: Number(CHAT), type: 'private' } } };
    if (call !== 'sendMessage') return telegramError(404, 'Not Found');
    if (typeof given.text !== 'string' || given.text === '') {
      return telegramError(400, 'Bad Request: message text is empty');
    }
    try {
      const shown = given.parse_mode === 'MarkdownV2' ? readMarkdownV2(given.text).text : given.text;
      if (shown.length > 4096) return telegramError(400, 'Bad Request: message is too long');
      messages.push(shown);
    } catch (error) {
      return telegramError(400, error instanceof Error ? error.message : 'Bad Request');
    }
    return { status: 200, body: { ok: true, result: { message_id: messages.length } } };
  });
  return Object.assign(server, { messages });
}

/** A 429 of the Bot API. */
export const telegramTooMany = (seconds: number): Answer =>
  telegramError(429, `Too Many Requests: retry after ${seconds}`, { retry_after: seconds });

export const DISCORD_PATH = '/api/webhooks/112233445566/canary-discord-secret-canary';

interface Embed {
  readonly title: string;
  readonly description: string;
  readonly color: number;
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly footer: { readonly text: string };
  readonly timestamp: string;
}

export interface DiscordService extends LoopbackServer {
  readonly embeds: Embed[];
}

const discordInvalid: Answer = { status: 400, body: { code: 50035, message: 'Invalid Form Body' } };

export async function startDiscord(): Promise<DiscordService> {
  const embeds: Embed[] = [];
  const server = await startServer(({ method, path, body }) => {
    if (path !== DISCORD_PATH) return { status: 404, body: { code: 10015, message: 'Unknown Webhook' } };
    if (method === 'GET') return { status: 200, body: { type: 1, id: '112233445566' } };
    const given = json(body) as { embeds?: Embed[]; allowed_mentions?: { parse?: unknown[] } };
    const [embed] = given.embeds ?? [];
    if (embed === undefined) return { status: 400, body: { code: 50006, message: 'Cannot send an empty message' } };
    const parts = [
      embed.title,
      embed.description,
      embed.footer.text,
      ...embed.fields.flatMap((f) => [f.name, f.value]),
    ];
    const fits =
      embed.title.length <= 256 &&
      embed.description.length <= 4096 &&
      embed.fields.length <= 25 &&
      embed.fields.every(
        ({ name, value }) => name !== '' && name.length <= 256 && value !== '' && value.length <= 1024,
      ) &&
      parts.join('').length <= 6000 &&
      !Number.isNaN(Date.parse(embed.timestamp)) &&
      given.allowed_mentions?.parse?.length === 0;
    if (!fits) return discordInvalid;
    embeds.push(embed);
    return { status: 204 };
  });
  return Object.assign(server, { embeds });
}

/** A 429 of Discord. */
export const discordTooMany = (seconds: number): Answer => ({
  status: 429,
  headers: { 'retry-after': String(Math.ceil(seconds)), 'x-ratelimit-remaining': '0' },
  body: { message: 'You are being rate limited.', retry_after: seconds, global: false },
});

export const NTFY_TOKEN = 'tk_canaryntfytokencanary';

interface NtfyMessage {
  readonly topic: string;
  readonly title: string;
  readonly message: string;
  readonly priority: number;
  readonly tags: readonly string[];
}

export interface NtfyService extends LoopbackServer {
  readonly published: NtfyMessage[];
}

export async function startNtfy(): Promise<NtfyService> {
  const published: NtfyMessage[] = [];
  const server = await startServer(({ method, path, headers, body }) => {
    if (headers.authorization !== `Bearer ${NTFY_TOKEN}`) {
      return { status: 401, body: { code: 40101, http: 401, error: 'unauthorized' } };
    }
    if (method === 'GET') return { status: 200, body: '' };
    if (path !== '/') return { status: 404, body: { code: 40401, http: 404, error: 'page not found' } };
    const given = json(body) as unknown as NtfyMessage;
    if (!/^[-_A-Za-z0-9]{1,64}$/.test(given.topic) || !(given.priority >= 1 && given.priority <= 5)) {
      return {
        status: 400,
        body: { code: 40017, http: 400, error: 'invalid request: request body must be valid JSON' },
      };
    }
    if (Buffer.byteLength(given.message) > 4096)
      return { status: 413, body: { code: 41301, http: 413, error: 'too large' } };
    published.push(given);
    return { status: 200, body: { id: 'xE73Iyuabi', event: 'message', topic: given.topic } };
  });
  return Object.assign(server, { published });
}

export const SLACK_PATH = '/services/T0CANARY/B0CANARY/canaryslacksecretcanary';

export interface SlackService extends LoopbackServer {
  readonly posts: Record<string, unknown>[];
}

export async function startSlack(): Promise<SlackService> {
  const posts: Record<string, unknown>[] = [];
  const server = await startServer(({ path, body }) => {
    if (path !== SLACK_PATH) return { status: 404, body: 'no_service' };
    const given = json(body);
    if (typeof given.text !== 'string' || given.text === '') return { status: 400, body: 'no_text' };
    posts.push(given);
    return { status: 200, body: 'ok' };
  });
  return Object.assign(server, { posts });
}

export const HOOK_SECRET = 'canary-hook-secret-canary-hook-secret';

/** Whether a delivery is signed by a secret and not older than five minutes, as a receiver checks it (08 §2.10). */
export function isSignedBy(secret: string, { headers, body }: SeenRequest, now: number): boolean {
  const header = String(headers['x-waiaas-signature']);
  const parts = header.split(',').map((part) => part.split('='));
  const time = Number(parts.find(([name]) => name === 't')?.[1]);
  const wanted = createHmac('sha256', secret).update(`${time}.${body}`).digest();
  return (
    Math.abs(now - time) <= 300 &&
    parts.some(([name, hex]) => {
      const given = Buffer.from(hex ?? '', 'hex');
      return name === 'v1' && given.length === wanted.length && timingSafeEqual(given, wanted);
    })
  );
}
