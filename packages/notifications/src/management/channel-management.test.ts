import { notificationChannelCreateSchema, notificationChannelId, notificationChannelUpdateSchema } from '@waiaas/core';
import { writeState } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EVENTS, OTHER_ID } from '../../test/events.ts';
import { type LoopbackServer, startServer } from '../../test/loopback-server.ts';
import {
  BOT_TOKEN,
  CHAT,
  DISCORD_PATH,
  type DiscordService,
  isSignedBy,
  NTFY_TOKEN,
  type NtfyService,
  SLACK_PATH,
  type SlackService,
  startDiscord,
  startNtfy,
  startSlack,
  startTelegram,
  type TelegramService,
} from '../../test/services.ts';
import { createWorld, OPERATOR, type World } from '../../test/world.ts';

let world: World;
let telegram: TelegramService;
let discord: DiscordService;
let ntfy: NtfyService;
let slack: SlackService;
let hook: LoopbackServer;

beforeEach(async () => {
  [telegram, discord, ntfy, slack, hook] = await Promise.all([
    startTelegram(),
    startDiscord(),
    startNtfy(),
    startSlack(),
    startServer(),
  ]);
  world = await createWorld();
});
afterEach(async () => {
  await world.remove();
  await Promise.all([telegram, discord, ntfy, slack, hook].map((server) => server.close()));
});

const configs = () =>
  ({
    TELEGRAM: { botToken: BOT_TOKEN, chatId: CHAT, apiUrl: telegram.url },
    DISCORD: { webhookUrl: discord.url + DISCORD_PATH },
    NTFY: { serverUrl: ntfy.url, topic: 'alerts', authToken: NTFY_TOKEN },
    SLACK: { webhookUrl: slack.url + SLACK_PATH },
    WEBHOOK: { url: `${hook.url}/in` },
  }) as const;
type Type = keyof ReturnType<typeof configs>;
const create = async (type: Type, more: object = {}) => {
  const input = { type, name: `my ${type}`, config: configs()[type], ...more };
  const made = await world.channels.create(notificationChannelCreateSchema.parse(input), OPERATOR);
  await world.forgetChanges();
  return made;
};
const added = async (type: Type, more: object = {}) => notificationChannelId((await create(type, more)).channel.id);
const update = (id: Awaited<ReturnType<typeof added>>, change: object) =>
  world.channels.update(id, notificationChannelUpdateSchema.parse(change), OPERATOR);
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => {
      throw new Error('was not refused');
    },
    ({ code, details }) => ({ code, details }),
  );
const rows = () => world.storage.read.selectFrom('notification_channels').selectAll().orderBy('id').execute();
const TYPES: readonly Type[] = ['TELEGRAM', 'DISCORD', 'NTFY', 'SLACK', 'WEBHOOK'];
const SECRETS = [BOT_TOKEN, NTFY_TOKEN, DISCORD_PATH, SLACK_PATH, 'canary'];
const withoutSecrets = (value: unknown): void => {
  const text = JSON.stringify(value);
  for (const secret of SECRETS) expect(text).not.toContain(secret);
};

describe.each(TYPES)('a channel of type %s', (type) => {
  test('is stored, shown masked, and lies encrypted in the database', async () => {
    const { channel } = await create(type);
    expect(channel).toMatchObject({ type, enabled: true, health: 'healthy', priority: 0, locale: 'en' });
    const { channels, reachable } = await world.channels.list();
    expect(channels).toEqual([channel]);
    expect(reachable).toBe(1);
    withoutSecrets(channels);
    withoutSecrets(await rows());
    withoutSecrets(await world.audit('CHANNEL_CREATED'));
  });

  test('takes a test message in Korean through the path of all messages', async () => {
    const id = await added(type, { name: '내 채널 🔔', locale: 'ko', enabled: false });
    const result = await world.channels.test(id, OPERATOR);
    expect(result).toMatchObject({ success: true, channelId: id });
    const last = { telegram, discord, ntfy, slack, webhook: hook }[type.toLowerCase()]?.seen.at(-1)?.body ?? '';
    expect(JSON.parse(JSON.stringify(last))).toContain('테스트 메시지');
    expect(await world.log()).toMatchObject([{ event: 'CHANNEL_TEST', status: 'DELIVERED', channel_id: id }]);
  });

  test('that does not answer as it should is not stored', async () => {
    const server = { TELEGRAM: telegram, DISCORD: discord, NTFY: ntfy, SLACK: slack, WEBHOOK: hook }[type];
    server.script.push({ status: 404, body: 'no_service' });
    const refused = await refusal(create(type));
    expect(refused.code).toBe('INVALID_CHANNEL_CONFIG');
    withoutSecrets(refused);
    expect(await rows()).toEqual([]);
  });

  test('sent back as it was shown keeps its secrets', async () => {
    const { channel } = await create(type);
    const before = (await rows())[0];
    const { channel: after } = await update(notificationChannelId(channel.id), { config: channel.config, name: 'new' });
    expect(after).toMatchObject({ name: 'new', config: channel.config });
    expect((await rows())[0]?.config).not.toBe(before?.config);
    expect(await world.channels.test(notificationChannelId(channel.id), OPERATOR)).toMatchObject({ success: true });
  });

  test('leads to one place once', async () => {
    await create(type);
    expect(await refusal(create(type, { name: 'again' }))).toMatchObject({ code: 'INVALID_CHANNEL_CONFIG' });
    expect(await rows()).toHaveLength(1);
  });
});

describe('a secret that is stored', () => {
  test.each([
    ['TELEGRAM', (url: string) => ({ apiUrl: url }), 'botToken'],
    ['NTFY', (url: string) => ({ serverUrl: url }), 'authToken'],
  ] as const)('of %s goes to no other server unless it is given again', async (type, leadingTo, field) => {
    const id = await added(type);
    const listed = (await world.channels.list()).channels.find((channel) => channel.id === id);
    const elsewhere = await startServer();
    const shown = listed?.config[field] ?? '';
    for (const secret of [{}, { [field]: shown }]) {
      const refused = await refusal(update(id, { config: { ...leadingTo(elsewhere.url), ...secret } }));
      expect(refused).toMatchObject({ code: 'VALIDATION_ERROR' });
      expect(JSON.stringify(refused)).toContain(`config.${field}`);
    }
    expect(elsewhere.seen).toEqual([]);
    // Whoever knows it may send it where they like.
    const known = { [field]: configs()[type][field as never] };
    await update(id, { config: { ...leadingTo(elsewhere.url), ...known } }).catch(() => undefined);
    expect(elsewhere.seen.length).toBeGreaterThan(0);
    await elsewhere.close();
  });
});

test('a test says what went wrong, without the secret', async () => {
  const id = await added('TELEGRAM');
  telegram.script.push({ status: 401, body: { ok: false, description: `Unauthorized ${BOT_TOKEN}` } });
  const result = await world.channels.test(id, OPERATOR);
  expect(result).toMatchObject({ success: false, status: 401 });
  withoutSecrets(result);
  withoutSecrets(await world.log());
});

test('unknown fields, other types and malformed values are refused before anything is asked', async () => {
  const id = await added('DISCORD');
  for (const config of [{ botToken: 'x' }, { webhookUrl: 'not a url' }, { webhookUrl: null }, { previousSecret: 'x' }])
    expect(await refusal(update(id, { config }))).toMatchObject({ code: 'VALIDATION_ERROR' });
  expect(await refusal(update(id, { rotateSecret: true }))).toMatchObject({ code: 'VALIDATION_ERROR' });
  const hookId = await added('WEBHOOK');
  for (const config of [{ previousSecret: 'x'.repeat(40) }, { secret: 'short' }, { secret: null }])
    expect(await refusal(update(hookId, { config }))).toMatchObject({ code: 'VALIDATION_ERROR' });
  const unknown = notificationChannelId(OTHER_ID);
  for (const work of [
    () => update(unknown, { name: 'x' }),
    () => world.channels.remove(unknown, OPERATOR),
    () => world.channels.test(unknown, OPERATOR),
  ])
    expect(await refusal(work())).toMatchObject({ code: 'CHANNEL_NOT_FOUND' });
});

describe('where a webhook must not lead', () => {
  test.each([
    'http://169.254.169.254/latest/meta-data',
    'https://169.254.169.254/',
    'http://10.0.0.1/',
    'https://[::1]/',
    'http://127.0.0.2:1/',
    'https://metadata.internal/',
  ])('%s', async (url) => {
    await world.remove();
    world = await createWorld({ resolve: async () => [{ address: '169.254.169.254', family: 4 }] });
    expect(await refusal(create('WEBHOOK', { config: { url } }))).toMatchObject({ code: 'INVALID_CHANNEL_CONFIG' });
    expect(await rows()).toEqual([]);
  });
});

describe('the secret of a webhook', () => {
  test('is made by the daemon, told once, and signs', async () => {
    const { channel, secret = '' } = await create('WEBHOOK');
    expect(secret).toMatch(/^whsec_[A-Za-z0-9_-]{43}$/);
    expect(JSON.stringify(await world.channels.list())).not.toContain(secret);
    await world.channels.test(notificationChannelId(channel.id), OPERATOR);
    const [delivery] = hook.seen.slice(-1);
    expect(delivery !== undefined && isSignedBy(secret, delivery, world.time.now() / 1000)).toBe(true);
  });

  test('is changed without a gap: for a day deliveries carry both signatures', async () => {
    const { channel, secret: first = '' } = await create('WEBHOOK');
    const id = notificationChannelId(channel.id);
    const { secret: second = '' } = await update(id, { rotateSecret: true });
    expect(second).not.toBe(first);
    const signed = async (by: string) => {
      await world.channels.test(id, OPERATOR);
      const delivery = hook.seen.at(-1);
      return delivery !== undefined && isSignedBy(by, delivery, world.time.now() / 1000);
    };
    expect([await signed(first), await signed(second)]).toEqual([true, true]);
    await world.time.advance(86_400_000);
    expect([await signed(first), await signed(second)]).toEqual([false, true]);
  });
});

describe('as many channels as must reach the owner', () => {
  test('stay: neither deleting nor switching off goes below, whoever is faster', async () => {
    const ids = [await added('TELEGRAM'), await added('DISCORD'), await added('NTFY')];
    const ends = await Promise.allSettled([
      ...ids.map((id) => world.channels.remove(id, OPERATOR)),
      ...ids.map((id) => update(id, { enabled: false })),
    ]);
    expect((await rows()).filter(({ enabled }) => enabled === 1)).toHaveLength(2);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await world.channels.list()).reachable).toBe(2);
  });

  test('may be lowered, and holds at once', async () => {
    const [first] = [await added('TELEGRAM'), await added('DISCORD')];
    expect(await refusal(world.channels.remove(first, OPERATOR))).toMatchObject({
      code: 'MIN_CHANNELS_REQUIRED',
      details: { enabled: 2, minChannels: 2 },
    });
    world.minChannels = 1;
    await world.channels.remove(first, OPERATOR);
    expect(await rows()).toHaveLength(1);
  });

  test('where there are fewer already, one less changes nothing, and a disabled one never counted', async () => {
    await world.channels.remove(await added('TELEGRAM'), OPERATOR);
    const off = await added('DISCORD', { enabled: false });
    await added('NTFY');
    await added('SLACK');
    await world.channels.remove(off, OPERATOR);
    expect(await rows()).toHaveLength(2);
  });
});

describe('whoever edits the database without the vault', () => {
  const edits = [
    `UPDATE notification_channels SET enabled = 1`,
    `UPDATE notification_channels SET name = 'other'`,
    `UPDATE notification_channels SET type = 'SLACK'`,
    `UPDATE notification_channels SET priority = 99`,
    `UPDATE notification_channels SET version = version + 1`,
    `UPDATE notification_channels SET config = '{}'`,
    `UPDATE notification_channels SET id = '00000000-0000-7000-8000-000000000001'`,
  ];
  test.each(edits)('makes a channel useless, not more powerful: %s', async (statement) => {
    const { sql } = await import('kysely');
    const id = await added('DISCORD', { enabled: false });
    await world.storage.write(async ({ db }) => void (await sql.raw(statement).execute(db)));
    world = await world.restart();
    expect(world.book.reachable()).toBe(0);
    expect(world.book.find(id)).toBeUndefined();
    expect((await world.channels.list()).channels[0]).toMatchObject({ health: 'not_authentic', config: {} });
    await world.until(async () => (await world.waiting()) > 0);
    const row = (await rows())[0]?.id ?? '';
    expect(await refusal(update(notificationChannelId(row), { name: 'x' }))).toMatchObject({
      code: 'INVALID_CHANNEL_CONFIG',
    });
    await world.channels.remove(notificationChannelId(row), OPERATOR);
  });
});

describe('health', () => {
  test('a channel that fails three checks does not count, is told of once, and counts again once it works', async () => {
    await added('TELEGRAM');
    await added('DISCORD', { priority: -1 });
    world.dispatcher.start();
    for (let round = 1; round <= 5; round++) {
      telegram.script.push({ status: 502, body: 'bad gateway' });
      await world.upkeep.checkChannels();
      await world.settled();
      expect(world.book.reachable()).toBe(round < 3 ? 2 : 1);
    }
    expect((await world.channels.list()).channels.map(({ health }) => health)).toEqual(['unreachable', 'healthy']);
    expect(discord.embeds.map(({ title }) => title)).toEqual(['⚠️ Notification channel unreachable']);
    await world.upkeep.checkChannels();
    expect(world.book.reachable()).toBe(2);
  });

  test('what is known of a channel survives a restart', async () => {
    await added('TELEGRAM');
    for (let round = 1; round <= 3; round++) {
      telegram.script.push('hang up');
      await world.upkeep.checkChannels();
    }
    world = await world.restart();
    expect(world.book.reachable()).toBe(0);
  });

  test('a new configuration that works makes a channel count at once', async () => {
    const id = await added('TELEGRAM');
    for (let round = 1; round <= 3; round++) {
      telegram.script.push('hang up');
      await world.upkeep.checkChannels();
    }
    expect(world.book.reachable()).toBe(0);
    await update(id, { config: { apiUrl: `${telegram.url}/` } });
    expect(world.book.reachable()).toBe(1);
  });
});

test('nothing is added, changed, removed, paired or tried once everything is stopped, however the request got in', async () => {
  const id = await added('TELEGRAM');
  const seen = telegram.seen.length;
  await world.storage.write(({ db }) => writeState(db, 'kill_switch_status', 'ACTIVATED', 0));
  const chat = { botToken: BOT_TOKEN, chatId: CHAT, apiUrl: telegram.url, chatName: 'mine', locale: 'en' } as const;
  for (const change of [
    () => create('NTFY'),
    () => world.channels.update(id, { name: 'other' }, OPERATOR),
    () => world.channels.remove(id, OPERATOR),
    () => world.channels.pair(chat, OPERATOR),
    () => world.channels.unpair(OPERATOR),
    () => world.channels.test(id, OPERATOR),
  ]) {
    await expect(change()).rejects.toMatchObject({ code: 'SYSTEM_LOCKED' });
  }
  const { channels } = await world.channels.list();
  expect(channels.map(({ name }) => name)).toEqual(['my TELEGRAM']);
  // Pairing asks Telegram whether it may write to the chat; nothing was written.
  expect(telegram.seen.slice(seen).filter(({ path }) => path.includes('sendMessage'))).toEqual([]);
});

test('the log is kept as long as it is to be, and trimmed however long it is', async () => {
  const id = await added('DISCORD');
  await world.storage.write(async ({ db }) => {
    for (let n = 0; n < 2500; n++) {
      await db
        .insertInto('notification_log')
        .values({
          id: `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
          channel_id: id,
          event: 'TX_NOTIFY',
          level: 'INFO',
          status: 'DELIVERED',
          retry_count: 0,
          sent_at: Math.floor(world.time.now() / 1000) - (n < 2400 ? 31 : 29) * 86_400,
        })
        .execute();
    }
  });
  expect(await world.upkeep.trimLog()).toBe(2400);
  expect(await world.log()).toHaveLength(100);
});

test('the log is read in pages, narrowed to what is looked for, without a secret in it', async () => {
  const id = await added('TELEGRAM');
  for (let n = 0; n < 3; n++) {
    if (n === 1) telegram.script.push({ status: 500, body: 'down' });
    await world.channels.test(id, OPERATOR);
  }
  const first = await world.channels.log({ limit: 2, order: 'desc' });
  expect(first.entries.map(({ event, status }) => `${event} ${status}`)).toEqual([
    'CHANNEL_TEST DELIVERED',
    'CHANNEL_TEST FAILED',
  ]);
  const second = await world.channels.log({ limit: 2, order: 'desc', cursor: first.nextCursor ?? undefined });
  expect([second.entries.length, second.nextCursor]).toEqual([1, null]);
  const failed = await world.channels.log({ limit: 10, order: 'asc', status: 'FAILED', channelId: id });
  expect(failed.entries).toMatchObject([{ channelId: id, error: expect.stringContaining('HTTP 500'), retries: 0 }]);
  expect(JSON.stringify(failed)).not.toContain(BOT_TOKEN);
  expect((await world.channels.log({ limit: 10, order: 'asc', event: 'TX_FAILED' })).entries).toEqual([]);
});

test('who changes where the owner is told things is told of over the channels that stay', async () => {
  world.minChannels = 0;
  await added('TELEGRAM');
  const config = configs().DISCORD;
  const input = notificationChannelCreateSchema.parse({ type: 'DISCORD', name: 'of a thief', priority: 1000, config });
  const id = notificationChannelId((await world.channels.create(input, OPERATOR)).channel.id);
  await update(id, { priority: 9 });
  await world.channels.remove(id, OPERATOR);
  world.dispatcher.start();
  await world.settled();
  const told = telegram.messages.filter((text) => text.includes('Notification channel'));
  for (const change of ['created: DISCORD', 'updated: DISCORD', 'deleted: DISCORD'])
    expect(told).toContainEqual(expect.stringContaining(change));
});

test('what was sent over a channel outlives it', async () => {
  world.minChannels = 0;
  const id = await added('DISCORD');
  world.dispatcher.start();
  await world.tell(EVENTS.TX_NOTIFY);
  await world.settled();
  await world.channels.remove(id, OPERATOR);
  const sent = (await world.log()).filter(({ event }) => event === 'TX_NOTIFY');
  expect(sent).toMatchObject([{ status: 'DELIVERED', channel_id: null }]);
});
