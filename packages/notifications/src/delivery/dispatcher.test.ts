import type { NotificationEvent } from '@waiaas/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AGENT_ID, aPayment, EVENTS, OTHER_ID } from '../../test/events.ts';
import type { Answer } from '../../test/loopback-server.ts';
import { type LoopbackServer, startServer } from '../../test/loopback-server.ts';
import {
  BOT_TOKEN,
  CHAT,
  DISCORD_PATH,
  type DiscordService,
  discordTooMany,
  HOOK_SECRET,
  isSignedBy,
  NTFY_TOKEN,
  type NtfyService,
  startDiscord,
  startNtfy,
  startTelegram,
  type TelegramService,
  telegramTooMany,
} from '../../test/services.ts';
import { createWorld, type World } from '../../test/world.ts';

let world: World;
let telegram: TelegramService;
let discord: DiscordService;
let ntfy: NtfyService;
let hook: LoopbackServer;

beforeEach(async () => {
  [telegram, discord, ntfy, hook] = await Promise.all([startTelegram(), startDiscord(), startNtfy(), startServer()]);
  world = await createWorld();
});
afterEach(async () => {
  await world.remove();
  await Promise.all([telegram, discord, ntfy, hook].map((server) => server.close()));
});

const addTelegram = (priority = 10) =>
  world.add({
    type: 'TELEGRAM',
    name: 'phone',
    priority,
    config: { botToken: BOT_TOKEN, chatId: CHAT, apiUrl: telegram.url },
  });
const addDiscord = (priority = 5) =>
  world.add({ type: 'DISCORD', name: 'team', priority, config: { webhookUrl: discord.url + DISCORD_PATH } });
const addNtfy = (priority = 1) =>
  world.add({
    type: 'NTFY',
    name: 'ntfy',
    priority,
    config: { serverUrl: ntfy.url, topic: 'w', authToken: NTFY_TOKEN },
  });
const addHook = () =>
  world.add({ type: 'WEBHOOK', name: 'hook', config: { url: `${hook.url}/in`, secret: HOOK_SECRET } });
/** What a server saw after the checks at its creation. */
const posts = (server: LoopbackServer) =>
  server.seen.filter(({ method, path }) => method === 'POST' && !path.endsWith('/getChat'));
const statuses = async () => (await world.log()).map(({ event, status }) => `${event} ${status}`);
const paymentOf = (n: number) => ({
  ...aPayment,
  txId: `00000000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
});
const paymentNo = (n: number): NotificationEvent => ({ ...EVENTS.TX_NOTIFY, payment: paymentOf(n) });
const FAULT: Answer = { status: 500, body: 'no' };

describe('fallback', () => {
  test('the channel of highest priority gets it, and nobody else', async () => {
    await addDiscord(1);
    await addTelegram(9);
    world.dispatcher.start();
    await world.tell(EVENTS.TX_NOTIFY);
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
    expect(discord.embeds).toHaveLength(0);
    expect(await statuses()).toEqual(['TX_NOTIFY DELIVERED']);
    expect(await world.waiting()).toBe(0);
  });

  test('a channel that fails is followed by the next one', async () => {
    await addTelegram();
    await addDiscord();
    telegram.script.push(FAULT);
    world.dispatcher.start();
    await world.tell(EVENTS.TX_FAILED);
    await world.settled();
    expect(discord.embeds).toHaveLength(1);
    expect(await statuses()).toEqual(['TX_FAILED FAILED', 'TX_FAILED DELIVERED']);
  });

  test('when all fail it is logged, audited as critical, and tried again until it arrives', async () => {
    await addTelegram();
    await addDiscord();
    telegram.script.push(FAULT);
    discord.script.push(FAULT);
    world.dispatcher.start();
    await world.tell(EVENTS.TX_FAILED);
    await world.settled();
    expect(await statuses()).toEqual(['TX_FAILED FAILED', 'TX_FAILED FAILED', 'TX_FAILED ALL_FAILED']);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toMatchObject([
      { event: 'TX_FAILED', title: 'Transaction failed: 12.5 SOL', channels: 2, severity: 'critical' },
    ]);
    expect(await world.waiting()).toBe(1);
    await world.time.advance(5_000);
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
    expect(await world.waiting()).toBe(0);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toHaveLength(1);
  });

  test('with no channel at all that is logged and audited, and nothing waits', async () => {
    world.dispatcher.start();
    await world.tell(EVENTS.TX_APPROVAL_REQUEST);
    await world.settled();
    expect(await statuses()).toEqual(['TX_APPROVAL_REQUEST ALL_FAILED']);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toMatchObject([{ channels: 0 }]);
    expect(await world.waiting()).toBe(0);
  });

  test('a webhook gets every event beside, signed, and counts for nobody else', async () => {
    await addTelegram();
    await addHook();
    world.dispatcher.start();
    await world.tell(EVENTS.TX_NOTIFY);
    await world.tell(EVENTS.SESSION_CREATED);
    await world.settled();
    expect(telegram.messages).toHaveLength(2);
    const deliveries = posts(hook);
    expect(deliveries).toHaveLength(2);
    const now = world.time.now() / 1000;
    for (const one of deliveries) {
      expect(isSignedBy(HOOK_SECRET, one, now)).toBe(true);
      expect(isSignedBy('another secret', one, now)).toBe(false);
      expect(isSignedBy(HOOK_SECRET, { ...one, body: `${one.body} ` }, now)).toBe(false);
      expect(isSignedBy(HOOK_SECRET, one, now + 301)).toBe(false);
    }
    const told = deliveries.map(({ body }) => JSON.parse(body)).sort((a, b) => a.sequence - b.sequence);
    expect(told).toMatchObject([
      { type: 'TX_NOTIFY', data: { payment: aPayment } },
      { sequence: told[0].sequence + 1, type: 'SESSION_CREATED', data: { agentId: AGENT_ID } },
    ]);
  });
});

describe('broadcast', () => {
  test('reaches all at once; a request to approve is one', async () => {
    await addTelegram();
    await addDiscord();
    await addNtfy();
    world.dispatcher.start();
    await world.tell(EVENTS.TX_APPROVAL_REQUEST);
    await world.settled();
    expect([telegram.messages.length, discord.embeds.length, ntfy.published.length]).toEqual([1, 1, 1]);
    expect(ntfy.published[0]).toMatchObject({ priority: 5, tags: ['rotating_light', 'money_with_wings'] });
  });

  test('one that was missed is tried again, the others are not told twice', async () => {
    await addTelegram();
    await addDiscord();
    discord.script.push(FAULT);
    world.dispatcher.start();
    await world.tell(EVENTS.KILL_SWITCH_ACTIVATED);
    await world.settled();
    expect([telegram.messages.length, discord.embeds.length]).toEqual([1, 0]);
    await world.time.advance(1_000);
    await world.settled();
    expect([telegram.messages.length, discord.embeds.length]).toEqual([1, 1]);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toEqual([]);
    expect(await world.waiting()).toBe(0);
  });
});

describe('what a webhook takes', () => {
  /** Lets time pass in steps, so that every pause between rounds is one. */
  const pass = async (seconds: number, step: number): Promise<void> => {
    for (let passed = 0; passed < seconds; passed += step) {
      await world.time.advance(step * 1000);
      await world.until(() => world.dispatcher.underWay === 0);
    }
  };

  test.each(['KILL_SWITCH_ACTIVATED', 'TX_FAILED'] as const)(
    'reaches nobody: %s is recorded at once, and told as soon as people can be reached, hours later',
    async (name) => {
      await addTelegram();
      await addHook();
      telegram.script.push(...Array.from({ length: 200 }, () => FAULT));
      world.dispatcher.start();
      await world.tell(EVENTS[name]);
      await world.settled();
      expect(posts(hook)).toHaveLength(1);
      expect(await world.audit('NOTIFICATION_ALL_FAILED')).toMatchObject([{ event: name, severity: 'critical' }]);
      await pass(4 * 3600, 300);
      telegram.script.length = 0;
      await pass(7200, 300);
      expect(telegram.messages.filter((message) => !JSON.stringify(message).includes('unreachable'))).toHaveLength(1);
      expect(posts(hook).filter(({ body }) => JSON.parse(body).type === name)).toHaveLength(1);
      expect(await world.waiting()).toBe(0);
    },
  );

  test('and people do not, for as long as alarms are told, is given up with a record of it', async () => {
    await addTelegram();
    await addHook();
    await telegram.close();
    world.dispatcher.start();
    await world.tell(EVENTS.SEAL_BROKEN);
    await world.settled();
    await pass(73 * 3600, 1800);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ event: 'SEAL_BROKEN', error: 'Given up' })]),
    );
    expect(await statuses()).toContain('SEAL_BROKEN ALL_FAILED');
  });

  test('comes late where it was down: for three days it is tried again, and then its loss is recorded', async () => {
    await addTelegram();
    await addHook();
    hook.script.push(...Array.from({ length: 2000 }, () => FAULT));
    world.dispatcher.start();
    await world.tell(EVENTS.TX_FAILED);
    await world.settled();
    await pass(70 * 3600, 1800);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toEqual([]);
    expect(await world.waiting()).toBeGreaterThan(0);
    await pass(6 * 3600, 1800);
    expect(await world.audit('NOTIFICATION_ALL_FAILED')).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ event: 'TX_FAILED', error: 'Given up for hook' })]),
    );
    expect(telegram.messages.filter((message) => message.includes('Transaction failed'))).toHaveLength(1);
  });
});

describe('too many messages', () => {
  test('a short pause is waited for, and the message sent once more', async () => {
    await addTelegram();
    telegram.script.push(telegramTooMany(2));
    world.dispatcher.start();
    await world.tell(EVENTS.TX_NOTIFY);
    await telegram.reached(2);
    await world.time.advance(2_000);
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
    expect(await world.log()).toMatchObject([{ status: 'DELIVERED', retry_count: 1 }]);
  });

  test('a long one is not: the next channel gets it at once, and the service is left alone that long', async () => {
    await addTelegram();
    await addDiscord();
    telegram.script.push(telegramTooMany(60));
    world.dispatcher.start();
    await world.tell(paymentNo(1));
    await world.settled();
    expect(await statuses()).toEqual(['TX_NOTIFY RATE_LIMITED', 'TX_NOTIFY DELIVERED']);
    await world.tell(paymentNo(2));
    await world.settled();
    expect(posts(telegram)).toHaveLength(1);
    await world.time.advance(60_000);
    await world.tell(paymentNo(3));
    await world.settled();
    expect([telegram.messages.length, discord.embeds.length]).toEqual([1, 2]);
  });

  test('a pause of years is kept for an hour', async () => {
    await addDiscord();
    discord.script.push(discordTooMany(1e9));
    world.dispatcher.start();
    await world.tell(EVENTS.TX_NOTIFY);
    await world.settled();
    await world.time.advance(3_700_000);
    await world.settled();
    expect(discord.embeds).toHaveLength(1);
  });

  test('the buckets see to it that no service is asked too often: 40 at once', async () => {
    await addDiscord();
    world.dispatcher.start();
    await Promise.all(Array.from({ length: 40 }, (_, n) => world.tell(paymentNo(n))));
    for (let second = 0; (await world.waiting()) > 0; second++) {
      await world.until(() => world.dispatcher.underWay === 0);
      expect(posts(discord).length).toBeLessThanOrEqual(5 + second);
      await world.time.advance(1_000);
    }
    expect(discord.embeds).toHaveLength(40);
    expect(posts(discord)).toHaveLength(40);
    expect((await world.log()).filter(({ status }) => status !== 'DELIVERED')).toEqual([]);
  });
});

test('a flood of failures that an agent causes keeps no request to approve waiting', async () => {
  await addDiscord();
  await Promise.all(Array.from({ length: 60 }, (_, n) => world.tell({ ...EVENTS.TX_FAILED, payment: paymentOf(n) })));
  await world.tell(EVENTS.TX_APPROVAL_REQUEST);
  await world.tell(EVENTS.TX_DELAY_QUEUED);
  world.dispatcher.start();
  await world.until(() => world.dispatcher.underWay === 0 && discord.embeds.length >= 5);
  const titles = discord.embeds.map(({ title }) => title);
  expect(titles).toContainEqual(expect.stringContaining('Approval request'));
  expect(titles).toContainEqual(expect.stringContaining('Transaction queued'));
});

describe('once', () => {
  test('the same event of the same transaction from two hands at once is told once; later it is told again', async () => {
    await addTelegram();
    world.dispatcher.start();
    await Promise.all([world.tell(EVENTS.TX_NOTIFY), world.tell(EVENTS.TX_NOTIFY)]);
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
    await world.time.advance(301_000);
    await world.tell(EVENTS.TX_NOTIFY);
    await world.settled();
    expect(telegram.messages).toHaveLength(2);
  });

  test('an alarm is never taken for a repetition', async () => {
    await addTelegram();
    world.dispatcher.start();
    await Promise.all([world.tell(EVENTS.KILL_SWITCH_ACTIVATED), world.tell(EVENTS.KILL_SWITCH_ACTIVATED)]);
    await world.settled();
    expect(telegram.messages).toHaveLength(2);
  });

  test('one that could not be delivered does not keep the next one from being told', async () => {
    await addTelegram();
    telegram.script.push(FAULT);
    world.dispatcher.start();
    await world.tell(EVENTS.TX_NOTIFY);
    await world.settled();
    await world.tell(EVENTS.TX_NOTIFY);
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
  });
});

describe('a channel that is down', () => {
  test('is left alone after three failures, tried now and then, and used again once it works', async () => {
    await addTelegram();
    await addNtfy();
    telegram.script.push(...Array.from({ length: 4 }, () => FAULT));
    world.dispatcher.start();
    for (let n = 1; n <= 6; n++) {
      await world.tell(paymentNo(n));
      await world.settled();
    }
    expect(posts(telegram)).toHaveLength(3);
    expect(world.book.reachable()).toBe(1);
    // Told over the other one, once.
    expect(ntfy.published.filter(({ title }) => title.includes('channel unreachable'))).toHaveLength(1);
    await world.time.advance(30_000);
    await world.tell(paymentNo(7));
    await world.settled();
    expect(posts(telegram)).toHaveLength(4);
    await world.time.advance(60_000);
    await world.tell(paymentNo(8));
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
    expect(world.book.reachable()).toBe(2);
  });

  test('is tried all the same for an alarm', async () => {
    await addTelegram();
    await addDiscord();
    telegram.script.push(...Array.from({ length: 3 }, () => FAULT));
    world.dispatcher.start();
    for (let n = 1; n <= 3; n++) await world.tell(paymentNo(n));
    await world.until(() => world.book.reachable() === 1);
    await world.settled();
    await world.tell(EVENTS.KILL_SWITCH_ACTIVATED);
    await world.settled();
    expect(telegram.messages).toHaveLength(1);
  });

  test('does not make the others wait, nor events vanish: all wait until one works', async () => {
    await addTelegram();
    world.dispatcher.start();
    await telegram.close();
    for (let n = 1; n <= 10; n++) await world.tell(paymentNo(n));
    await world.until(() => world.book.reachable() === 0 && world.dispatcher.underWay === 0);
    expect(await world.waiting()).toBeGreaterThanOrEqual(10);
    // The log knows of the attempts that were made, not of thousands that were not.
    expect((await world.log()).length).toBeLessThan(12);
  });

  test('cannot be made to look broken by what an agent writes', async () => {
    await addDiscord();
    discord.script.push(
      ...Array.from({ length: 3 }, (): Answer => ({ status: 400, body: { message: 'Invalid Form Body' } })),
    );
    world.dispatcher.start();
    for (let n = 1; n <= 4; n++) {
      await world.tell(paymentNo(n));
      await world.settled();
    }
    expect(world.book.reachable()).toBe(1);
    expect(discord.embeds).toHaveLength(1);
    expect(await world.waiting()).toBe(0);
  });
});

describe('a restart', () => {
  test('loses nothing that was committed', async () => {
    await addTelegram();
    for (let n = 1; n <= 3; n++) await world.tell(paymentNo(n));
    world = await world.restart();
    expect(telegram.messages).toHaveLength(0);
    world.dispatcher.start();
    await world.settled();
    expect(telegram.messages).toHaveLength(3);
  });

  test('in the middle of a slow message sends it again with the same id', async () => {
    await addHook();
    hook.script.push('never');
    world.dispatcher.start();
    await world.tell(EVENTS.TX_NOTIFY);
    await world.until(() => posts(hook).length === 1);
    world = await world.restart();
    world.dispatcher.start();
    await world.settled();
    const ids = posts(hook).map(({ headers }) => headers['x-waiaas-delivery']);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  test('waits for the grace it is given, and no longer', async () => {
    await addTelegram();
    telegram.script.push('never');
    world.dispatcher.start();
    await world.tell(EVENTS.DAEMON_STOPPED);
    await world.until(() => posts(telegram).length === 1);
    const stopped = world.dispatcher.stop(3_000);
    await world.time.advance(3_000);
    await stopped;
    expect(await world.waiting()).toBe(1);
  });
});

test('a full disk after the message was sent does not send it again and again', async () => {
  let isFull = false;
  await world.remove();
  world = await createWorld({
    decorate: (storage) => ({
      ...storage,
      read: storage.read,
      migration: storage.migration,
      write: (unit) => (isFull ? Promise.reject(new Error('disk full')) : storage.write(unit)),
    }),
  });
  await addTelegram();
  await world.tell(EVENTS.TX_NOTIFY);
  isFull = true;
  world.dispatcher.start();
  await world.until(() => telegram.messages.length === 1 && world.dispatcher.underWay === 0);
  for (let round = 0; round < 10; round++) await world.time.advance(5_000);
  expect(telegram.messages).toHaveLength(1);
  isFull = false;
  await world.time.advance(5_000);
  await world.settled();
  expect(telegram.messages).toHaveLength(1);
  expect(await statuses()).toEqual(['TX_NOTIFY DELIVERED']);
});

test('reporting never throws and never waits, whatever state the database is in', async () => {
  await world.remove();
  world = await createWorld({
    decorate: (storage) => ({
      ...storage,
      read: storage.read,
      migration: storage.migration,
      write: () => Promise.reject(new Error('closed')),
    }),
  }).catch(() => createWorld());
  expect(world.dispatcher.report(EVENTS.DAEMON_STOPPED)).toBeUndefined();
});

test('while notifications are off nothing is sent, and nothing piles up', async () => {
  await addTelegram();
  world.enabled = false;
  world.dispatcher.start();
  for (let n = 0; n < 20; n++) await world.tell(paymentNo(n));
  await world.settled();
  expect(telegram.messages).toHaveLength(0);
  expect(await world.waiting()).toBe(0);
  expect(world.notifications.reachableChannels()).toBe(0);
});

test('what was stored before notifications were switched off is still told, and that they are off', async () => {
  await addTelegram();
  await world.tell(EVENTS.TX_APPROVAL_REQUEST);
  world.offSince = Math.floor(world.time.now() / 1000);
  world.enabled = false;
  await world.time.advance(1_000);
  await world.tell(EVENTS.SETTINGS_CHANGED);
  await world.tell(paymentNo(1));
  await world.tell(EVENTS.KILL_SWITCH_ACTIVATED);
  world.dispatcher.start();
  await world.settled();
  expect(telegram.messages).toHaveLength(2);
  expect((await statuses()).toSorted()).toEqual(['SETTINGS_CHANGED DELIVERED', 'TX_APPROVAL_REQUEST DELIVERED']);
  expect(await world.waiting()).toBe(0);
  // What nobody was told leaves a trace where it would have mattered.
  expect(world.lines.filter(({ message }) => message.includes('switched off'))).toMatchObject([
    { level: 'warn', fields: { event: 'KILL_SWITCH_ACTIVATED' } },
    { level: 'debug' },
  ]);
});

test('before the channels are loaded nothing is sent and nothing is dropped, whatever is configured', async () => {
  await addTelegram();
  await world.tell(EVENTS.KILL_SWITCH_ACTIVATED);
  world = await world.restart({ locked: true });
  world.enabled = false;
  world.dispatcher.start();
  for (let round = 0; round < 3; round++) await world.time.advance(30_000);
  expect(await world.waiting()).toBe(1);
  // The stored settings say otherwise than config.toml, which only the open vault can tell.
  await world.unlock();
  world.enabled = true;
  await world.book.reload();
  await world.time.advance(30_000);
  await world.settled();
  expect(telegram.messages).toHaveLength(1);
});

test('after the keystore was locked, the alarm still gets out', async () => {
  await addTelegram();
  world.keystore.lock();
  world.dispatcher.start();
  await world.tell(EVENTS.KILL_SWITCH_ACTIVATED);
  await world.settled();
  expect(telegram.messages).toHaveLength(1);
});

test('of hundreds of events at once none is lost, and an alarm does not stand in line', async () => {
  await addHook();
  world.dispatcher.start();
  await world.storage.write(async ({ notify }) => {
    for (let n = 0; n < 300; n++) await notify(paymentNo(n));
  });
  await world.tell(EVENTS.KILL_SWITCH_ACTIVATED);
  await world.until(async () => {
    await world.time.advance(1_000);
    return (await world.waiting()) === 0;
  });
  const types: string[] = posts(hook).map(({ body }) => JSON.parse(body).type);
  expect(types).toHaveLength(301);
  expect(types.indexOf('KILL_SWITCH_ACTIVATED')).toBeLessThan(100);
});

test('a message about a channel goes over the others', async () => {
  const id = await addTelegram();
  await addDiscord();
  world.dispatcher.start();
  await world.tell({ ...EVENTS.CHANNEL_UNHEALTHY, channelId: id });
  await world.tell({ ...EVENTS.CHANNEL_UNHEALTHY, channelId: OTHER_ID });
  await world.settled();
  expect([telegram.messages.length, discord.embeds.length]).toEqual([1, 1]);
});
