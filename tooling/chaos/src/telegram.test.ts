import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type BotApiServer, startBotApiServer } from './bot-api-server.ts';
import { createHarness, createPayer, type DaemonProcess, type Harness, setLimits } from './harness.ts';
import { balanceOf, stranger } from './ledger-truth.ts';

/* The owner in a chat with the real daemon: looks and stops; never pays, never recovers. Also across a kill. */

const TOKEN = '123456789:AAcanaryTOKENcanaryTOKENcanaryTOKEN';
const OWNER = 4242;
const pendingSchema = z.object({
  transactions: z.array(z.object({ txId: z.string(), preApprovedAt: z.string().optional() })),
});

let harness: Harness;
let api: BotApiServer;

beforeAll(async () => {
  harness = await createHarness();
  api = await startBotApiServer(TOKEN);
}, 60_000);
afterAll(async () => {
  await harness.close();
  await api.close();
});

test('paired, told, asked: rejects and stops everything from the chat; an approval there pays nothing', async () => {
  const dataDir = await harness.createDataDir();
  writeFileSync(join(dataDir, 'bot-token'), `${TOKEN}\n`, { mode: 0o600 });
  const env = {
    WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
    WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '1',
    WAIAAS_TELEGRAM_BOT_ENABLED: 'true',
    WAIAAS_TELEGRAM_BOT_TOKEN_FILE: join(dataDir, 'bot-token'),
    WAIAAS_TELEGRAM_BOT_API_URL: api.url,
  };
  let daemon: DaemonProcess = await harness.start(dataDir, env);
  await setLimits(daemon, {});
  const payer = await createPayer(harness, daemon);

  await api.write(OWNER, '/auth');
  const asked = await api.next(({ text }) => /\d{6}/.test(text));
  const [code] = /\d{6}/.exec(asked.text) ?? [];
  expect(await daemon.operate('POST', '/v1/owner/telegram/verify', { code })).toMatchObject({
    status: 200,
    body: { paired: true, chatId: String(OWNER), chatName: 'Alice' },
  });
  expect(await daemon.operate('POST', '/v1/owner/telegram/verify', { code })).toMatchObject({
    status: 400,
    body: { code: 'INVALID_PAIRING_CODE' },
  });

  const to = stranger();
  const { transactionId } = await daemon.client(payer.token).sendToken({ to, amount: 5_000_000_000n });
  const request = await api.next(
    ({ buttons, text }) => buttons.length === 2 && text.includes(transactionId.slice(0, 8)),
  );
  await api.press(OWNER, request, 'Approve');
  expect(request.text).toContain('Nothing is paid yet');
  const { body } = await daemon.operate('GET', '/v1/owner/pending-approvals');
  expect(pendingSchema.parse(body).transactions).toMatchObject([
    { txId: transactionId, preApprovedAt: expect.any(String) },
  ]);

  daemon.child.kill('SIGKILL');
  await daemon.ended;
  const polled = api.offsets.length;
  daemon = await harness.start(dataDir, env);
  await api.press(OWNER, request, 'Reject');
  // Nothing of the first life was handed out again.
  expect(Math.min(...api.offsets.slice(polled))).toBeGreaterThan(2);
  expect(request).toMatchObject({ text: expect.stringContaining('Rejected.'), buttons: [] });
  expect(await daemon.client(payer.token).getTransaction(transactionId)).toMatchObject({ status: 'CANCELLED' });
  expect(await balanceOf(harness.ledger, to)).toBe(0n);

  await api.write(OWNER, '/killswitch');
  const question = await api.next(({ text }) => text.includes('Stop everything?'));
  await api.press(OWNER, question, 'Stop everything');
  expect(question.text).toContain('Everything is stopped.');
  expect(await daemon.operate('GET', '/v1/admin/status')).toMatchObject({
    body: {
      killSwitch: { status: 'ACTIVATED', actor: 'owner' },
      telegramBot: { connected: true, ownerRegistered: true },
    },
  });
  // The alarm about it gets out, though the keys are locked.
  await api.next(({ text }) => text.includes('Kill Switch activated'));
  await api.write(OWNER, '/pending');
  await api.next(({ text }) => text.includes('The kill switch is ACTIVATED'));
  expect(await daemon.stop()).toBe(0);

  // The token is in the file that was given, and nowhere else.
  for (const name of readdirSync(dataDir, { recursive: true, encoding: 'utf8' })) {
    const path = join(dataDir, name);
    if (name === 'bot-token' || !statSync(path).isFile()) continue;
    expect(readFileSync(path, 'latin1').includes(TOKEN), `the token in ${name}`).toBe(false);
  }
  expect(daemon.output()).not.toContain(TOKEN);
}, 120_000);
