import { randomBytes } from 'node:crypto';
import { type KillSwitchStatus, type PendingApproval, WaiaasError } from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import type { Storage } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BotApi, type Person, startBotApi } from '../../test/bot-api.ts';
import { aPayment, EVENTS, LATER, OTHER_ID, SESSION_ID, TX_ID } from '../../test/events.ts';
import { BOT_TOKEN } from '../../test/services.ts';
import { createWorld, OPERATOR, type World } from '../../test/world.ts';
import { type BotServices, createTelegramBot, type TelegramBot } from '../index.ts';

/* The bot over real HTTP, against a server with the rules of the Bot API. What it asks of the daemon is written down. */

const OWNER: Person = { id: 4242, name: 'Alice' };
const STRANGER: Person = { id: 666, name: 'Mallory' };
const HOSTILE = 'a_b*[x](y)\\ `code` ~s~ ||z|| {a} | = + - . !';
const APPROVAL: PendingApproval = {
  txId: TX_ID,
  agentId: OTHER_ID,
  agentName: HOSTILE,
  type: 'TRANSFER',
  asset: 'solana:native',
  amount: '12500000000',
  toAddress: aPayment.to,
  memo: HOSTILE,
  chain: 'solana',
  network: 'devnet',
  tier: 'APPROVAL',
  queuedAt: LATER,
  expiresAt: LATER,
  inWords: `pay 12.5 SOL to ${aPayment.to} on solana devnet`,
};

let world: World;
let api: BotApi;
let bot: TelegramBot;
/** What the daemon was asked to do, and by whom. */
let done: string[];
let killSwitch: KillSwitchStatus;
let waiting: PendingApproval[];
let refuse: WaiaasError | null;

async function act(what: string, origin: RequestOrigin): Promise<void> {
  origin.confirmCredential();
  if (refuse !== null) throw refuse;
  done.push(`${what} by ${origin.actor.kind}`);
}
const services: BotServices = {
  killSwitch: () => killSwitch,
  status: async () => ({
    killSwitch,
    agents: { active: 2, total: 3 },
    sessions: 4,
    waiting: waiting.length,
    balances: ['12.5 SOL (solana devnet)', '0.3 ETH (ethereum sepolia)'],
    unread: 1,
    uptime: 93_784,
  }),
  sessions: async () => ({ sessions: [{ id: SESSION_ID, agentName: HOSTILE, expiresAt: LATER }], more: false }),
  revokeSession: (id, origin) => act(`revoke ${id}`, origin),
  waiting: async (limit) => ({ payments: waiting.slice(0, limit), more: waiting.length > limit }),
  async reject(id, origin) {
    await act(`reject ${id}`, origin);
    waiting = waiting.filter(({ txId }) => txId !== id);
    refuse = new WaiaasError('TX_ALREADY_PROCESSED', { details: { status: 'CANCELLED' } });
  },
  async preApprove(id, origin) {
    await act(`preApprove ${id}`, origin);
    return { expiresAt: LATER };
  },
  async activateKillSwitch(reason, origin) {
    await act(`kill: ${reason}`, origin);
    killSwitch = 'ACTIVATED';
    return { sessionsRevoked: 4, transactionsCancelled: 1, agentsSuspended: 2 };
  },
};

const makeBot = async (storage: Storage = world.storage): Promise<TelegramBot> => {
  const made = await createTelegramBot({
    botToken: BOT_TOKEN,
    apiUrl: api.url,
    ownerChatId: null,
    http: world.notifications.http,
    book: world.book,
    channels: world.channels,
    services,
    storage,
    clock: world.time,
    timers: world.time,
    logger: {
      debug: (fields, message) => void world.lines.push({ level: 'debug', fields, message }),
      info: (fields, message) => void world.lines.push({ level: 'info', fields, message }),
      warn: (fields, message) => void world.lines.push({ level: 'warn', fields, message }),
      error: (fields, message) => void world.lines.push({ level: 'error', fields, message }),
    },
    randomBytes,
  });
  world.notifications.useKeyboard(made.keyboard);
  return made;
};

/** Pairs the owner's chat as the owner does: a code in the chat, entered at the daemon. */
async function pair(person: Person = OWNER): Promise<string> {
  await api.write(person, '/auth');
  const [code = ''] = /\d{6}/.exec(api.last().text) ?? [];
  const { channelId } = await bot.verify(code, OPERATOR);
  return channelId;
}

beforeEach(async () => {
  world = await createWorld();
  api = await startBotApi(() => Math.floor(world.time.now() / 1000));
  [done, killSwitch, waiting, refuse] = [[], 'NORMAL', [APPROVAL], null];
  bot = await makeBot();
  bot.start();
});
afterEach(async () => {
  await bot.stop();
  await world.remove();
  await api.close();
  // Whatever went wrong: no line of the log says the token.
  expect(JSON.stringify(world.lines)).not.toContain(BOT_TOKEN);
});

describe('somebody who is not the owner', () => {
  test('learns nothing but how to pair, and changes nothing', async () => {
    await pair();
    for (const text of ['/status', '/pending', '/sessions', '/revoke x', '/killswitch', '/nonsense']) {
      await api.write({ ...STRANGER, id: STRANGER.id + text.length * 100 + text.charCodeAt(1) }, text);
      expect(api.last().text).toBe('This chat is not paired with the daemon. /auth shows how.');
      expect(api.last().buttons).toEqual([]);
    }
    await api.write(OWNER, '/pending');
    const request = api.last();
    await api.press(STRANGER, request, 'Reject');
    expect(api.answers.at(-1)?.text).toContain('not paired');
    expect(done).toEqual([]);
  });

  test('gets no answer at all in a group, not even as the owner', async () => {
    await pair();
    const said = api.messages.length;
    await api.write({ ...OWNER, group: -100 }, '/status');
    await api.write({ ...STRANGER, group: -100 }, '/auth');
    await api.pressData({ ...OWNER, group: -100 }, undefined, `reject:${TX_ID}`);
    expect(api.messages).toHaveLength(said);
    expect(done).toEqual([]);
  });

  test('gets few answers, so that the bot cannot be used up', async () => {
    for (let n = 0; n < 20; n++) await api.write(STRANGER, '/start');
    expect(api.messages).toHaveLength(4);
    for (let n = 0; n < 60; n++) await api.write({ id: 7000 + n }, '/start');
    expect(api.messages.length).toBeLessThanOrEqual(20);
    await world.time.advance(60_000);
    await api.write(STRANGER, '/start');
    expect(api.last()).toMatchObject({ chatId: '666', text: expect.stringContaining('To pair this chat: /auth') });
  });
});

describe('pairing', () => {
  test('takes a code from the chat to the daemon; the chat is a channel then, and both are told', async () => {
    const id = await pair();
    expect(api.last()).toMatchObject({ chatId: '4242', text: expect.stringContaining('Connected.') });
    const { channels } = await world.channels.list();
    expect(channels).toMatchObject([
      { id, type: 'TELEGRAM', name: 'Telegram Alice', enabled: true, paired: true, config: { chatId: '4242' } },
    ]);
    expect(JSON.stringify(channels)).not.toContain(BOT_TOKEN);
    expect(await world.audit('TELEGRAM_PAIRED')).toMatchObject([{ chatId: '4242', actor: 'operator' }]);
    const told = await world.storage.read.selectFrom('notification_outbox').select(['event', 'payload']).execute();
    expect(told.map(({ event }) => event)).toEqual(['TELEGRAM_PAIRING_CHANGED']);
    await api.write(OWNER, '/auth');
    expect(api.last().text).toBe('This chat is paired already.');
  });

  test('a code is good once, for five minutes, and after five wrong ones none is', async () => {
    await api.write(OWNER, '/auth');
    const [first = ''] = /\d{6}/.exec(api.last().text) ?? [];
    await world.time.advance(300_001);
    await expect(bot.verify(first, OPERATOR)).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_PAIRING_CODE' }),
    );
    await api.write(OWNER, '/auth');
    const [second = ''] = /\d{6}/.exec(api.last().text) ?? [];
    const wrong = second === '000000' ? '000001' : '000000';
    for (let n = 0; n < 5; n++) await expect(bot.verify(wrong, OPERATOR)).rejects.toThrow();
    await expect(bot.verify(second, OPERATOR)).rejects.toThrow();
    await api.write(OWNER, '/auth');
    const [third = ''] = /\d{6}/.exec(api.last().text) ?? [];
    await bot.verify(third, OPERATOR);
    await expect(bot.verify(third, OPERATOR)).rejects.toThrow();
  });

  test('of another chat ends the one before; unpairing ends it at once, whatever buttons are still there', async () => {
    await pair();
    await api.write(OWNER, '/pending');
    const request = api.last();
    await pair(STRANGER);
    await api.press(OWNER, request, 'Reject');
    expect(done).toEqual([]);
    expect(await world.channels.unpair(OPERATOR)).toBe(true);
    expect(await world.channels.unpair(OPERATOR)).toBe(false);
    await api.write(STRANGER, '/status');
    expect(api.last().text).toContain('not paired');
    expect((await world.channels.list()).channels.map(({ paired }) => paired)).toEqual([false, false]);
  });

  test('is lost by a channel that is switched off, leads elsewhere, or was edited by somebody else', async () => {
    const id = await pair();
    await world.storage.write(({ db }) =>
      db.updateTable('notification_channels').set({ enabled: 0 }).where('id', '=', id).execute(),
    );
    await world.book.reload();
    await api.write(OWNER, '/status');
    expect(api.last().text).toContain('not paired');
  });

  test('cannot be claimed by adding a channel, however it is configured', async () => {
    await world.add({
      type: 'TELEGRAM',
      name: 'mine',
      config: { botToken: BOT_TOKEN, chatId: String(STRANGER.id), apiUrl: api.url },
    });
    await api.write(STRANGER, '/status');
    expect(api.last().text).toContain('not paired');
    expect(bot.state().isPaired).toBe(false);
  });
});

describe('the owner', () => {
  test('sees how the daemon is, in the language of the chat', async () => {
    const id = await pair({ ...OWNER, language: 'ko-KR' });
    await api.write(OWNER, '/status@Waiaas_bot');
    expect(api.last().text).toBe(
      '🟢 NORMAL\n잔액: 12.5 SOL (solana devnet), 0.3 ETH (ethereum sepolia)\n지금 잔액을 알 수 없는 지갑: 1개\n세션: 4\n활성 에이전트: 2 / 3\n승인 대기: 1\n가동 시간: 1일 2시간\n2026-01-05 12:00 UTC',
    );
    expect((await world.channels.list()).channels.find((one) => one.id === id)?.locale).toBe('ko');
    await api.write(OWNER, '/Status@another_bot');
    await api.write(OWNER, 'hello');
    await api.write(OWNER, '/status', 601);
    expect(api.messages.filter(({ text }) => text.includes('NORMAL'))).toHaveLength(1);
  });

  test('sees what waits, and nothing an agent wrote is markup', async () => {
    await pair();
    waiting.push({ ...APPROVAL, tier: 'DELAY', inWords: null });
    await api.write(OWNER, '/pending');
    const [first, second] = api.messages.slice(-2);
    expect(first?.code).toEqual([HOSTILE, APPROVAL.inWords, HOSTILE]);
    expect(first?.text).toContain('expires in 1 h 0 min');
    expect(first?.buttons.map(({ text }) => text)).toEqual(['Approve', 'Reject']);
    expect(second?.text).toContain('is not the one that was asked for');
    expect(second?.buttons.map(({ text }) => text)).toEqual(['Reject']);
  });

  test('rejects by a button, once: the message says so, and pressing again does nothing', async () => {
    await pair();
    await api.write(OWNER, '/pending');
    const request = api.last();
    const data = request.buttons.find(({ text }) => text === 'Reject')?.callback_data ?? '';
    await api.press(OWNER, request, 'Reject');
    expect(request).toMatchObject({ text: expect.stringMatching(/Rejected. Nothing is paid.$/), buttons: [] });
    await api.pressData(OWNER, request, data);
    expect(request.text).toContain('does not wait any more (CANCELLED)');
    expect(done).toEqual([`reject ${TX_ID} by telegram`]);
    // Each press is answered exactly once.
    expect(new Set(api.answers.map(({ id }) => id)).size).toBe(api.answers.length);
  });

  test('notes an approval, which pays nothing, and can still reject', async () => {
    await pair();
    await api.write(OWNER, '/pending');
    const request = api.last();
    await api.press(OWNER, request, 'Approve');
    expect(request.text).toContain(`Nothing is paid yet: confirm it with your wallet within 60 min`);
    expect(request.buttons.map(({ text }) => text)).toEqual(['Reject']);
    expect(done).toEqual([`preApprove ${TX_ID} by telegram`]);
  });

  test('ends sessions, by a button or by an id', async () => {
    await pair();
    await api.write(OWNER, '/sessions');
    await api.press(OWNER, api.last(), 'Revoke');
    await api.write(OWNER, `/revoke ${SESSION_ID}`);
    await api.write(OWNER, '/revoke ../../x');
    expect(api.last().text).toBe('There is no such thing any more.');
    expect(done).toEqual([`revoke ${SESSION_ID} by telegram`, `revoke ${SESSION_ID} by telegram`]);
  });

  test('gets a button with every request to approve, in place of a second message; nobody else does', async () => {
    await pair();
    await world.add({
      type: 'TELEGRAM',
      name: 'family',
      config: { botToken: BOT_TOKEN, chatId: '5000', apiUrl: api.url },
    });
    world.dispatcher.start();
    await world.settled();
    const before = api.messages.length;
    await world.tell(EVENTS.TX_APPROVAL_REQUEST);
    await world.settled();
    const told = api.messages.slice(before);
    expect(told.map(({ chatId }) => chatId).sort()).toEqual(['4242', '5000']);
    expect(told.find(({ chatId }) => chatId === '5000')?.buttons).toEqual([]);
    await api.press(
      OWNER,
      told.find(({ chatId }) => chatId === '4242'),
      'Reject',
    );
    expect(done).toEqual([`reject ${TX_ID} by telegram`]);
  });

  test.each(['approve', 'reject:', 'reject:x', `reject:${TX_ID}:x`, 'killswitch_confirm', 'killswitch_confirm:-1', ''])(
    'is told that nothing is there when a button says %j',
    async (data) => {
      await pair();
      await api.write(OWNER, '/pending');
      await api.pressData(OWNER, api.last(), data);
      expect(done).toEqual([]);
    },
  );
});

describe('the kill switch', () => {
  test('is engaged after a question, not by the command; not by an answer that lay around', async () => {
    await pair();
    await api.write(OWNER, '/killswitch');
    const question = api.last();
    expect([question.text.includes('Stop everything?'), done]).toEqual([true, []]);
    await api.press(OWNER, question, 'Cancel');
    expect(question).toMatchObject({ text: expect.stringContaining('Nothing was stopped.'), buttons: [] });
    await api.write(OWNER, '/killswitch');
    const late = api.last();
    await world.time.advance(301_000);
    await api.press(OWNER, late, 'Stop everything');
    expect([late.text.includes('too old'), done]).toEqual([true, []]);
    await api.write(OWNER, '/killswitch');
    await api.press(OWNER, api.last(), 'Stop everything');
    expect(api.last().text).toContain('Everything is stopped. Sessions ended: 4');
    expect(done).toEqual(['kill: Activated in Telegram by telegram']);
  });

  test('once it is engaged, the chat can look and do nothing else; it never recovers', async () => {
    await pair();
    await api.write(OWNER, '/pending');
    const request = api.last();
    killSwitch = 'ACTIVATED';
    for (const text of ['/pending', '/sessions', `/revoke ${SESSION_ID}`]) {
      await api.write(OWNER, text);
      expect(api.last().text).toContain('The kill switch is ACTIVATED');
    }
    await api.write(OWNER, '/killswitch');
    expect(api.last()).toMatchObject({ text: expect.stringContaining('already'), buttons: [] });
    await api.press(OWNER, request, 'Approve');
    await api.write(STRANGER, '/auth');
    expect(api.last().text).toContain('ACTIVATED');
    await api.write(OWNER, '/status');
    expect(api.last().text).toContain('🔴 ACTIVATED');
    await api.write(OWNER, '/help');
    expect(done).toEqual([]);
  });
});

describe('polling', () => {
  const polls = () => api.seen.filter(({ path }) => path.endsWith('/getUpdates')).length;

  test('goes on where the last run stopped', async () => {
    await pair();
    await api.write(OWNER, `/revoke ${SESSION_ID}`);
    await bot.stop();
    bot = await makeBot();
    bot.start();
    await api.write(OWNER, '/status');
    expect(done).toHaveLength(1);
  });

  describe('over a disk that is full when somebody presses a button', () => {
    let isFull: boolean;
    beforeEach(async () => {
      await pair();
      await bot.stop();
      isFull = true;
      bot = await makeBot({
        ...world.storage,
        read: world.storage.read,
        migration: world.storage.migration,
        write: (unit) => (isFull ? Promise.reject(new Error('disk full')) : world.storage.write(unit)),
      });
      bot.start();
    });

    test('hands out again, after a crash, what was not noted as done, and that does no harm', async () => {
      const request = api.messages[0];
      const pressed = api.pressData(OWNER, request, `reject:${TX_ID}`);
      await world.until(() => bot.state().consecutiveErrors === 1);
      expect(done).toHaveLength(1);
      await bot.stop();
      bot = await makeBot();
      bot.start();
      await pressed;
      expect(done).toEqual([`reject ${TX_ID} by telegram`]);
      expect(request?.text).toContain('does not wait any more');
    });

    test('does not deal with it again and again while the daemon runs', async () => {
      const request = api.messages[0];
      const pressed = api.pressData(OWNER, request, `reject:${TX_ID}`);
      await world.until(() => bot.state().consecutiveErrors === 1);
      await world.time.advance(5_000);
      await pressed;
      isFull = false;
      await api.write(OWNER, '/status');
      expect(done).toEqual([`reject ${TX_ID} by telegram`]);
      expect(request?.text).not.toContain('does not wait any more');
    });
  });

  test.each([
    ['a fault', { status: 502, body: 'Bad Gateway' }, 5_000],
    ['garbage', 'garbage', 5_000],
    ['another poller', { status: 409, body: { ok: false, error_code: 409, description: 'Conflict' } }, 5_000],
    [
      'too many requests',
      {
        status: 429,
        body: { ok: false, error_code: 429, description: 'Too Many Requests', parameters: { retry_after: 20 } },
      },
      20_000,
    ],
  ] as const)('waits after %s, then goes on', async (_what, answer, pause) => {
    await bot.stop();
    api.script.push(answer);
    bot = await makeBot();
    bot.start();
    await world.until(() => bot.state().consecutiveErrors === 1);
    const before = polls();
    await world.time.advance(pause - 1);
    expect(polls()).toBe(before);
    await world.time.advance(1);
    await api.write(OWNER, '/start');
    expect(bot.state()).toMatchObject({ consecutiveErrors: 0, isPaired: false });
  });

  test('an update that cannot be dealt with keeps none after it from being dealt with', async () => {
    await pair();
    api.script.push({ status: 400, body: { ok: false, error_code: 400, description: 'Bad Request' } });
    await api.write(OWNER, '/status');
    await api.write(OWNER, '/status');
    expect(api.last().text).toContain('NORMAL');
  });

  test('a stop does not wait for the question that is open', async () => {
    await api.write(OWNER, '/start');
    await bot.stop();
    expect(bot.state().consecutiveErrors).toBe(0);
  });

  test('the menu of the chat names all commands, in both languages', async () => {
    await api.write(OWNER, '/start');
    expect(api.menus).toHaveLength(2);
    expect(JSON.stringify(api.menus)).toMatch(/killswitch.*모든 것을 정지/s);
  });
});
