import { NOTIFICATION_LOCALES, type NotificationEvent, notificationRule } from '@waiaas/core';
import { createVirtualTime } from '@waiaas/fake-chain';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ALL_EVENTS, aPayment, EVENTS } from '../../test/events.ts';
import { type Answer, type LoopbackServer, startServer } from '../../test/loopback-server.ts';
import { readMarkdownV2 } from '../../test/markdown-v2.ts';
import {
  BOT_TOKEN,
  CHAT,
  DISCORD_PATH,
  type DiscordService,
  discordTooMany,
  HOOK_SECRET,
  NTFY_TOKEN,
  type NtfyService,
  SLACK_PATH,
  type SlackService,
  startDiscord,
  startNtfy,
  startSlack,
  startTelegram,
  type TelegramService,
  telegramTooMany,
} from '../../test/services.ts';
import { messageOf } from '../delivery/dispatcher.ts';
import { createAddressGuard } from '../http/address-guard.ts';
import { createHttpClient } from '../http/http-client.ts';
import type { Message } from '../text/message.ts';
import type { Sender, SendResult } from './channel.ts';
import { createSender } from './create-sender.ts';
import { discordPayload } from './discord-channel.ts';
import { ntfyPayload } from './ntfy-channel.ts';
import { slackPayload } from './slack-channel.ts';
import { telegramText } from './telegram-channel.ts';
import { webhookSignature } from './webhook-channel.ts';

/** Everything the services give a meaning to, and some more. */
const HOSTILE =
  'a_b*[x](y)\\ `code` ~s~ ||spoiler|| <!channel> <@U1> @everyone #c >q {a} | = + - . ! & </b> https://evil.example/?a=b';
const KOREAN = '결제 에이전트 🚨';

const time = createVirtualTime();
const dependencies = {
  clock: time,
  http: createHttpClient({ guard: createAddressGuard({ allowedNetworks: ['127.0.0.1'] }), userAgent: 'WAIaaS' }),
  keyboard: () => null,
};

let telegram: TelegramService;
let discord: DiscordService;
let ntfy: NtfyService;
let slack: SlackService;
let hook: LoopbackServer;
let senders: Readonly<Record<string, Sender>>;

beforeAll(async () => {
  [telegram, discord, ntfy, slack, hook] = await Promise.all([
    startTelegram(),
    startDiscord(),
    startNtfy(),
    startSlack(),
    startServer(),
  ]);
  senders = {
    telegram: createSender('TELEGRAM', { botToken: BOT_TOKEN, chatId: CHAT, apiUrl: telegram.url }, dependencies),
    discord: createSender('DISCORD', { webhookUrl: discord.url + DISCORD_PATH }, dependencies),
    ntfy: createSender('NTFY', { serverUrl: ntfy.url, topic: 'alerts', authToken: NTFY_TOKEN }, dependencies),
    slack: createSender('SLACK', { webhookUrl: slack.url + SLACK_PATH }, dependencies),
    webhook: createSender('WEBHOOK', { url: `${hook.url}/in`, secret: HOOK_SECRET }, dependencies),
  };
});
afterEach(() => {
  for (const one of Object.values(servers())) expect(one.script).toEqual([]);
});
afterAll(() => Promise.all([telegram, discord, ntfy, slack, hook].map((server) => server.close())));

const servers = (): Readonly<Record<string, LoopbackServer>> => ({ telegram, discord, ntfy, slack, webhook: hook });
const message = (event: NotificationEvent, locale: 'en' | 'ko' = 'en', agent = KOREAN): Message =>
  messageOf(event, { id: aPayment.txId, sequence: 1, at: 1_767_614_400 }, { locale }, () => agent);
const sender = (name: string): Sender => {
  const found = senders[name];
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
};
const server = (name: string): LoopbackServer => {
  const found = servers()[name];
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
};
const NAMES = ['telegram', 'discord', 'ntfy', 'slack', 'webhook'] as const;

describe.each(NAMES)('%s', (name) => {
  test.each(NOTIFICATION_LOCALES)('takes every event in %s at the first attempt', async (locale) => {
    for (const event of ALL_EVENTS) {
      const before = server(name).seen.length;
      expect(await sender(name).send(message(event, locale))).toMatchObject({ success: true });
      expect(server(name).seen).toHaveLength(before + 1);
    }
  });

  test('takes whatever an agent may have written, at the first attempt', async () => {
    const events: NotificationEvent[] = [
      { ...EVENTS.TX_APPROVAL_REQUEST, payment: { ...aPayment, memo: HOSTILE } },
      { ...EVENTS.TX_CANCELLED, reason: HOSTILE },
      { ...EVENTS.KILL_SWITCH_ACTIVATED, reason: '\u202e\u0000`*_'.repeat(2000) },
      { ...EVENTS.AUTO_STOP_TRIGGERED, reason: '😀'.repeat(5000) },
      { ...EVENTS.TX_NOTIFY, payment: { ...aPayment, unit: { symbol: '*_`[', decimals: 2 } } },
    ];
    for (const event of events) {
      const before = server(name).seen.length;
      expect(await sender(name).send(message(event, 'ko', HOSTILE))).toMatchObject({ success: true });
      expect(server(name).seen).toHaveLength(before + 1);
    }
  });

  test('would get a message through, as far as a check can tell', async () => {
    expect(await sender(name).check()).toMatchObject({ success: true });
  });

  const cases: readonly [string, Answer, Partial<SendResult>][] = [
    ['a fault', { status: 503, body: 'down' }, { kind: 'unavailable' }],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, { kind: 'channel_refused' }],
    ['a refusal', { status: 403, body: 'no' }, { kind: 'channel_refused' }],
    ['a connection that breaks', 'hang up', { kind: 'unavailable', error: 'ECONNRESET' }],
    ['garbage', 'garbage', { kind: 'unavailable' }],
  ];
  test.each(cases)('tells %s for what it is', async (_what, answer, result) => {
    server(name).script.push(answer);
    expect(await sender(name).send(message(EVENTS.TX_NOTIFY))).toMatchObject({ success: false, ...result });
  });

  test('waits no longer than it is allowed to', async () => {
    server(name).script.push('never');
    const stop = new AbortController();
    const sent = sender(name).send(message(EVENTS.TX_NOTIFY), stop.signal);
    await server(name).reached(server(name).seen.length + 1);
    stop.abort();
    expect(await sent).toMatchObject({ success: false, kind: 'unavailable' });
  });

  test('shows no secret when it fails', async () => {
    for (const answer of [{ status: 500, body: BOT_TOKEN }, { status: 404, body: 'x' }, 'hang up'] as const) {
      server(name).script.push(answer);
      const text = JSON.stringify(await sender(name).send(message(EVENTS.TX_NOTIFY)));
      for (const secret of sender(name).secrets) expect(text).not.toContain(secret);
      expect(text).not.toContain('canary');
    }
  });
});

describe('too many messages', () => {
  test.each([
    ['telegram', telegramTooMany(7), 7],
    ['discord', discordTooMany(1.5), 1.5],
    ['ntfy', { status: 429, headers: { 'retry-after': '9' }, body: { code: 42901, error: 'limit reached' } }, 9],
    ['slack', { status: 429, headers: { 'retry-after': '30' }, body: 'ratelimited' }, 30],
    ['webhook', { status: 429, headers: { 'retry-after': '4' } }, 4],
    ['telegram', { status: 429, body: '<html>' }, 30],
    ['discord', { status: 429, headers: { 'retry-after': 'soon' } }, 5],
  ] as const)('%s says when to come back', async (name, answer, retryAfter) => {
    server(name).script.push(answer);
    expect(await sender(name).send(message(EVENTS.TX_NOTIFY))).toMatchObject({ kind: 'rate_limited', retryAfter });
  });
});

describe('a secret that is wrong', () => {
  test.each([
    ['TELEGRAM', () => ({ botToken: BOT_TOKEN.replace('AA', 'BB'), chatId: CHAT, apiUrl: telegram.url })],
    ['TELEGRAM', () => ({ botToken: BOT_TOKEN, chatId: '1', apiUrl: telegram.url })],
    ['DISCORD', () => ({ webhookUrl: `${discord.url}/api/webhooks/1/x` })],
    ['NTFY', () => ({ serverUrl: ntfy.url, topic: 'alerts', authToken: 'tk_wrong' })],
    ['SLACK', () => ({ webhookUrl: `${slack.url}/services/x` })],
  ] as const)('shows in the check of %s and in every message', async (type, config) => {
    const wrong = createSender(type, config(), dependencies);
    expect((await wrong.check()).success).toBe(false);
    expect(await wrong.send(message(EVENTS.TX_NOTIFY))).toMatchObject({ success: false, kind: 'channel_refused' });
  });
});

describe('markup', () => {
  test('Telegram: whatever is said, the marks fit, and what is foreign is code', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 600 }),
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        (memo, name) => {
          const event: NotificationEvent = { ...EVENTS.TX_APPROVAL_REQUEST, payment: { ...aPayment, memo } };
          const text = telegramText(message(event, 'en', name));
          expect(text.length).toBeLessThanOrEqual(4096);
          expect(readMarkdownV2(text).text).toContain('Approval request: 12.5 SOL transfer');
        },
      ),
      { numRuns: 300 },
    );
    const event: NotificationEvent = { ...EVENTS.TX_APPROVAL_REQUEST, payment: { ...aPayment, memo: HOSTILE } };
    expect(readMarkdownV2(telegramText(message(event, 'en', HOSTILE))).code).toEqual([HOSTILE, HOSTILE]);
  });

  test('Telegram: a mark that it does not take does not cost the alert', async () => {
    telegram.script.push({ status: 400, body: { ok: false, description: "Bad Request: can't parse entities" } });
    expect(await sender('telegram').send(message(EVENTS.KILL_SWITCH_ACTIVATED))).toMatchObject({ success: true });
    expect(telegram.messages.at(-1)).toContain('🚨 Kill Switch activated');
  });

  test('Discord: nobody is mentioned, and no link is made of what is foreign', () => {
    const event: NotificationEvent = { ...EVENTS.TX_CANCELLED, reason: HOSTILE };
    const [embed] = discordPayload(message(event, 'en', HOSTILE)).embeds;
    expect(embed?.description).toContain(`\`${HOSTILE.replaceAll('`', 'ˋ')}\``);
    expect(discordPayload(message(event)).allowed_mentions).toEqual({ parse: [] });
  });

  test('Slack: no command, mention or link comes to life', () => {
    const event: NotificationEvent = { ...EVENTS.TX_CANCELLED, reason: HOSTILE };
    const text = JSON.stringify(slackPayload(message(event, 'en', HOSTILE)));
    expect(text).not.toMatch(/<!|<@|<http|<\/b>/);
  });

  test('ntfy: at most 4096 bytes, in any script', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 800 }), (reason) => {
        const { message: body } = ntfyPayload(message({ ...EVENTS.KILL_SWITCH_ACTIVATED, reason }, 'ko'), 't');
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(4096);
      }),
      { numRuns: 200 },
    );
  });
});

test('an alarm looks like one, and a request to approve as well', () => {
  const colours = (['KILL_SWITCH_ACTIVATED', 'TX_APPROVAL_REQUEST', 'TX_FAILED', 'TX_NOTIFY'] as const).map(
    (name) => discordPayload(message(EVENTS[name])).embeds[0]?.color,
  );
  expect(colours).toEqual([0xff0000, 0xff0000, 0xffa500, 0x3498db]);
  expect(notificationRule(EVENTS.TX_APPROVAL_REQUEST).level).toBe('WARNING');
});

test('a signature has the documented form, one for each secret in force', () => {
  expect(webhookSignature(['a'.repeat(32), 'b'.repeat(32)], 1_700_000_000, '{}')).toMatch(
    /^t=1700000000,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/,
  );
});
