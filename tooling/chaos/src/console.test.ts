import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { address } from '@solana/kit';
import { WAIaaSOwnerClient } from '@waiaas/sdk';
import { type Browser, chromium, type Locator, type Page, type Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/browser/chromium.ts';
import { createTestWallet } from '../test/browser/test-wallet.ts';
import { type BotApiServer, startBotApiServer } from './bot-api-server.ts';
import { createHarness, createPayer, type DaemonProcess, type Harness, PASSWORD, type Payer } from './harness.ts';
import { type HookServer, startHookServer } from './hook-server.ts';
import { balanceOf, stranger } from './ledger-truth.ts';
import { createMint, giveTokens } from './solana-tokens.ts';

const BUILT = fileURLToPath(new URL('../../../apps/daemon/dist/console/', import.meta.url));
const PICTURES = fileURLToPath(new URL('../../../.reports/console/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where the machine has no Korean letters the page would be measured with boxes in their place. */
const KOREAN = readFileSync(
  createRequire(import.meta.url).resolve('@fontsource/gowun-dodum/files/gowun-dodum-korean-400-normal.woff2'),
).toString('base64');
const FIRST_LOAD_MOST = 300_000;
/** What the web calls a page that does not jump about. */
const SHIFT_MOST = 0.1;
/** How late answers are where it is seen what that moves: long enough to be drawn without them. */
const LATE_MS = 200;
/** How soon somebody who waits is told what for, and has what they ask for anew. */
const SAID_MS = 10_000;
const ANEW_MS = 15_000;
const WIDE = { width: 1280, height: 900 };
/** The narrowest that is promised. */
const NARROW = { width: 360, height: 740 };
const BOT_TOKEN = '123456789:AAcanaryTOKENcanaryTOKENcanaryTOKEN';
/** Who writes to the bot. */
const CHAT = 4242;
const executablePath = findChromium();

describe('the built console', () => {
  test('loads with less than 300 kB, compressed', () => {
    const first = readdirSync(join(BUILT, 'assets')).filter((name) => name.endsWith('.gz'));
    const bytes = first.reduce((sum, name) => sum + statSync(join(BUILT, 'assets', name)).size, 0);
    expect(bytes).toBeGreaterThan(10_000);
    expect(bytes).toBeLessThan(FIRST_LOAD_MOST);
  });

  test('has no inline script, no other origin, and nothing of the tests', () => {
    const page = readFileSync(join(BUILT, 'index.html'), 'utf8');
    expect(page).not.toMatch(/<script(?![^>]*\bsrc="\/console\/)|<style|\bon\w+=|https?:/);
    for (const name of readdirSync(join(BUILT, 'assets')).filter((file) => file.endsWith('.js'))) {
      expect(readFileSync(join(BUILT, 'assets', name), 'utf8')).not.toMatch(/TestWallet|Test Wallet/);
    }
  });
});

const SCREENS = [
  ['/', 'Dashboard'],
  ['/approvals', 'Approvals'],
  ['/transactions', 'Transactions'],
  ['/agents', 'Agents'],
  ['/sessions', 'Sessions'],
  ['/policies', 'Policies'],
  ['/notifications', 'Notifications'],
  ['/auto-stop', 'Auto-stop'],
  ['/audit', 'Audit log'],
  ['/owner', 'Owner'],
  ['/settings', 'Settings'],
  ['/kill-switch', 'Kill switch'],
] as const;

const agentsSchema = z.object({ agents: z.array(z.object({ id: z.string(), publicKey: z.string() })) });
const policiesSchema = z.object({
  policies: z.array(
    z.object({
      id: z.string(),
      type: z.string(),
      rules: z.looseObject({ token_limits: z.record(z.string(), z.unknown()).optional() }),
    }),
  ),
});
const waitingSchema = z.looseObject({ transactions: z.array(z.looseObject({})) });
const settingsSchema = z.object({ server: z.object({ logLevel: z.string() }), changed: z.array(z.string()) });

// Without a browser on the machine there is nothing to open the console with; `npm test` says so before it runs these.
describe.skipIf(executablePath === null)('the console, in a browser, over the real daemon', () => {
  const wallet = createTestWallet('solana');
  const etherWallet = createTestWallet('ethereum');
  /** What the page has asked the daemon for, and what came of it. */
  const asked: string[] = [];
  /** What the browser itself complained of: a violated policy, a script that failed. */
  const complaints: string[] = [];
  let harness: Harness;
  let daemon: DaemonProcess;
  let browser: Browser;
  let page: Page;
  let bot: BotApiServer;
  const hooks: HookServer[] = [];
  let token = '';
  let agentId = '';

  /** The name of the link to the approvals ends with how many wait. */
  const go = (place: string): Promise<void> =>
    page
      .getByRole('navigation')
      .getByRole('link', { name: new RegExp(`^${place}\\s*\\d*$`) })
      .click();
  /** To a screen without the menu, which narrow pages hide. */
  const visit = async (path: string): Promise<void> => {
    await page.evaluate(`history.pushState(null, '', '/console${path}')`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.locator('[data-loading]').first().waitFor({ state: 'detached' });
  };
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = (name: string) => page.getByRole('dialog', { name });
  const sign = async (): Promise<string> => {
    const text = (await page.getByTestId('signed-text').textContent()) ?? '';
    await dialog('Sign with your wallet').getByRole('button', { name: 'Sign', exact: true }).click();
    return text;
  };
  const signIn = async (on = page): Promise<void> => {
    await on.getByLabel('Master password').fill(PASSWORD);
    await on.getByRole('button', { name: 'Sign in', exact: true }).click();
    // To whatever screen the address names.
    await on.getByRole('navigation').waitFor();
  };
  /** Goes to something with the keyboard, as who has no mouse. */
  const tabTo = async (target: Locator): Promise<void> => {
    for (let presses = 0; presses < 80; presses += 1) {
      if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error('Cannot be reached with the keyboard');
  };
  const focused = (): Promise<unknown> => page.evaluate('document.activeElement?.textContent');
  /** The owner, before another page. */
  const ownerElsewhere = (): WAIaaSOwnerClient =>
    new WAIaaSOwnerClient({
      baseUrl: daemon.url,
      signer: {
        chain: 'ethereum',
        address: etherWallet.address,
        signMessage: async (text: string) => etherWallet.sign(text),
      },
    });
  const operate = async <T>(schema: z.ZodType<T>, path: string): Promise<T> =>
    schema.parse((await daemon.operate('GET', path)).body);

  /** Serious findings of axe on what is shown. */
  async function findings(): Promise<readonly string[]> {
    if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(`${AXE};undefined`);
    const found: unknown = await page.evaluate(
      `axe.run(document, { resultTypes: ['violations'], reporter: 'no-passes', iframes: false, preload: false }).then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).slice(0, 3).join(' ')))`,
    );
    return Array.isArray(found) ? found.map(String) : ['axe answered nothing'];
  }

  const picture = async (name: string): Promise<void> => {
    await page.evaluate('scrollTo(0, 0)');
    // A dialog lies above the window, not above the whole page.
    const fullPage = (await page.locator('dialog[open]').count()) === 0;
    await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage });
  };

  /** What is wrong with what is shown, with where. */
  const faults: string[] = [];
  /** Looks at what is shown as it is: what it looks like, what axe finds, what is wider than its place. */
  async function lookOnce(name: string): Promise<void> {
    await picture(name);
    for (const finding of await findings()) faults.push(`${name}: ${finding}`);
    const px = Number(
      await page.evaluate(`Math.max(0, ...[document.documentElement, ...document.querySelectorAll('dialog[open]')]
        .map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth))`),
    );
    if (px > 0) faults.push(`${name}: ${px} px wider than its place`);
  }
  /**
   * Looks at what is shown in both appearances, and on a phone.
   * @param at what is to be in sight in each of them
   */
  async function look(name: string, at?: Locator): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await at?.scrollIntoViewIfNeeded();
      await lookOnce(`${name}-${colorScheme}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(NARROW);
    await at?.scrollIntoViewIfNeeded();
    await lookOnce(`${name}-narrow`);
    await page.setViewportSize(WIDE);
  }

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    harness = await createHarness();
    bot = await startBotApiServer(BOT_TOKEN);
    hooks.push(await startHookServer(), await startHookServer());
    const dataDir = await harness.createDataDir('max_pending_tx = 100');
    writeFileSync(join(dataDir, 'bot-token'), `${BOT_TOKEN}\n`, { mode: 0o600 });
    daemon = await harness.start(dataDir, {
      CHAOS_BALANCE_HISTORY_MS: '500',
      WAIAAS_NOTIFICATIONS_ALLOWED_NETWORKS: '["127.0.0.1"]',
      WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '2',
      WAIAAS_TELEGRAM_BOT_ENABLED: 'true',
      WAIAAS_TELEGRAM_BOT_TOKEN_FILE: join(dataDir, 'bot-token'),
      WAIAAS_TELEGRAM_BOT_API_URL: bot.url,
    });
    browser = await chromium.launch({ executablePath: String(executablePath), args: CHROMIUM_ARGUMENTS });
    page = await browser.newPage({
      viewport: WIDE,
      locale: 'en-US',
      colorScheme: 'light',
      // No colour is caught on its way to another one.
      reducedMotion: 'reduce',
    });
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => {
      // A refusal is an answer, which the browser reports as a resource that failed to load.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
    });
    page.on('request', (request) => asked.push(`${request.method()} ${request.url()}`));
    page.on('response', (response) => asked.push(`${response.status()} ${response.url()}`));
    page.on('requestfailed', (request) => asked.push(`${request.failure()?.errorText} ${request.url()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await wallet.install(page);
    await etherWallet.install(page);
    // What moves on the page without anybody having touched it, as the web measures it.
    await page.addInitScript(`globalThis.shifted = 0;
      new PerformanceObserver((list) => {
        for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) globalThis.shifted += value;
      }).observe({ type: 'layout-shift', buffered: true });`);
    // A stream is cut from here as by a network that goes.
    await page.addInitScript(`const ask = globalThis.fetch;
      globalThis.fetch = (input, init) => {
        if (!String(input).endsWith('/v1/owner/changes')) return ask(input, init);
        const cut = new AbortController();
        globalThis.cutStream = () => cut.abort();
        return ask(input, { ...init, signal: AbortSignal.any([init.signal, cut.signal]) });
      };`);
    await page.goto(`${daemon.url}/console`);
  });
  // What was shown says more than what was not found.
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return;
    console.error(`${page.url()} shows:\n${await page.locator('body').ariaSnapshot()}\n${asked.slice(-20).join('\n')}`);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await bot?.close();
    await Promise.all(hooks.map((hook) => hook.close()));
    await harness?.close();
  });

  test('lets nobody in with a wrong password, and the operator with the right one', async () => {
    await page.getByLabel('Master password').fill('not the password at all');
    await button('Sign in').click();
    await page.getByText('The master password is wrong.').waitFor();
    await look('sign-in');
    await signIn();
    await page.getByText('This daemon is not fully set up yet.').waitFor();
  });

  test('says of every list that is empty what comes there', async () => {
    for (const [path, text] of [
      ['/approvals', 'Nothing waits for you.'],
      ['/transactions', 'No payments yet.'],
      ['/agents', 'No agents yet.'],
      ['/sessions', 'No sessions.'],
      ['/notifications', 'No channels. Nobody can tell you anything yet.'],
      ['/owner', 'No owner is connected.'],
      ['/agents/0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14', 'There is no agent with this id.'],
      ['/', 'No payments yet.'],
    ] as const) {
      await visit(path);
      await page.getByText(text).waitFor();
    }
    await look('dashboard-empty');
  });

  test('leads through a fresh install: owner, agent, limits, two channels that work, session', async () => {
    await page.getByRole('link', { name: 'Go on with the set-up' }).click();
    await button('Connect a wallet').click();
    await page.getByLabel('Master password').fill(PASSWORD);
    await button('Continue').click();
    // A person who says no has changed nothing.
    wallet.willing = false;
    await look('wallet-dialog');
    await page.getByRole('button', { name: /Test Wallet/ }).click();
    await sign();
    await page.getByText('The wallet did not sign.').waitFor();
    await look('signing-dialog');
    wallet.willing = true;
    const text = await sign();
    expect(text).toContain('WAIaaS Owner Action: connect_owner');
    expect(wallet.texts.at(-1)).toBe(text);
    // What is done is asked of the daemon, and the next step follows by itself.
    await page.getByRole('heading', { name: 'Agent', exact: true }).waitFor();

    await button('New agent').click();
    await page.getByLabel('Name').fill('shopper');
    await page.getByLabel('Network').selectOption('localnet');
    await look('agent-dialog');
    await button('Create').click();
    await page.getByRole('heading', { name: 'Limits', exact: true }).waitFor();

    await page.getByLabel('INSTANT up to (SOL)').fill('1');
    await look('setup');
    await page.getByLabel('NOTIFY up to (SOL)').fill('2');
    await page.getByLabel('DELAY up to (SOL)').fill('3');
    // Before that, nothing that is typed is to be lost by going on.
    await page.getByText(/^SOL: no cap for a day and none for a week\. No limit/).waitFor();
    await page.getByLabel('Daily cap (SOL)').fill('2000');
    expect(await button('Keep these limits').count()).toBe(0);
    for (const way of [button('Channels'), page.getByRole('link', { name: 'Go to the dashboard' })]) {
      await way.click();
      const question = dialog('Leave without saving?');
      await question.getByText(/^What you have typed is not saved\./).waitFor();
      await question.getByRole('button', { name: 'Cancel' }).click();
      expect(await page.getByLabel('Daily cap (SOL)').inputValue()).toBe('2000');
    }
    await go('Agents');
    await look('unsaved-dialog');
    await page.keyboard.press('Escape');
    await look('setup-typed', button('Save and go on'));
    await button('Save and go on').click();
    // The text has a fingerprint of what is changed; beside it stands what that is.
    const about = page.getByTestId('signed-for');
    await about.getByText(/^0\.1 SOL → 1 SOL$/).waitFor();
    await about.getByText(/^no limit → 2,000 SOL$/).waitFor();
    expect(await sign()).toContain('WAIaaS Owner Action: update_settings');
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    const { policies } = await operate(policiesSchema, '/v1/owner/policies');
    expect(policies.map(({ rules }) => rules.daily_max)).toEqual(['2000000000000']);
    for (const [at, hook] of hooks.entries()) {
      if (at === 1) {
        // It goes on where it was left; and shows what it shows once although the next step could follow by itself.
        await page.goto(`${daemon.url}/console/setup`);
        await signIn();
      }
      // With fewer than the daemon demands nobody gets on, unless they say that they will do with those.
      await page.getByText(`Working channels: ${at}; needed: 2`).waitFor();
      expect(await button('Next step').count()).toBe(0);
      expect(await button('Do with 1').count()).toBe(at);
      await button('New channel').click();
      await page.getByLabel('Type').selectOption('WEBHOOK');
      await page.getByLabel('Name').fill(`hook ${at}`);
      await page.getByLabel('Address', { exact: true }).fill(`${hook.url}/in`);
      if (at === 0) await look('channel-dialog');
      await dialog('New channel').getByRole('button', { name: 'Save' }).click();
      // Each is tried before it counts.
      await hook.next(({ type }) => type === 'CHANNEL_TEST');
      const once = dialog('The secret of this webhook, shown once');
      const close = once.getByRole('button', { name: 'Close' }).last();
      if (at === 0) {
        // Who presses Enter too often copies it, and closes nothing.
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
        await page.getByTestId('webhook-secret').waitFor();
        expect(await page.evaluate('document.activeElement?.ariaLabel')).toMatch(/^Copy: /);
        await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        await once.getByRole('checkbox', { name: 'I have kept it', checked: true }).waitFor();
        expect(await page.evaluate('navigator.clipboard.readText()')).toBe(
          await page.getByTestId('webhook-secret').textContent(),
        );
      } else {
        await close.click();
        await once.getByText(/^It is gone once this is closed/).waitFor();
        // The question has taken the focus, and an Enter answers it not.
        await page.keyboard.press('Enter');
        await page.getByTestId('webhook-secret').waitFor();
        await page.keyboard.press('Space');
        await once.getByRole('checkbox', { name: 'I have kept it', checked: true }).waitFor();
      }
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      expect((await page.getByTestId('webhook-secret').textContent())?.length).toBeGreaterThan(20);
      if (at === 0) await look('secret-dialog');
      await close.click();
      if (at === 0) await page.getByText('Working channels: 1; needed: 2').waitFor();
      if (at === 0) await look('setup-channels');
    }
    await page.getByText('Still to be done: First session').waitFor();
    expect(await button('Finish').isDisabled()).toBe(true);

    await button('New session').click();
    await look('session-dialog');
    await button('Create').click();
    token = (await page.getByTestId('session-token').textContent()) ?? '';
    expect(token).toMatch(/^wai_sess_/);
    await page.getByText('"WAIAAS_SESSION_TOKEN"').waitFor();
    // All of what is to be pasted is seen, to its end.
    const pasted = page.locator('dialog pre');
    expect(await pasted.textContent()).toMatch(/\n\}$/);
    expect(await pasted.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)).toBe(0);
    await look('token-dialog');
    await dialog('The token of the session').getByRole('checkbox', { name: 'I have kept it' }).check();
    await dialog('The token of the session').getByRole('button', { name: 'Close' }).last().click();
    expect(await page.content()).not.toContain(token);
    await button('Finish').click();
    await page.getByRole('heading', { name: 'Dashboard', level: 1 }).waitFor();
    expect(await page.getByText('This daemon is not fully set up yet.').count()).toBe(0);
  });

  test('shows a payment that waits the moment it does, and carries it out once the owner has signed', async () => {
    const [agent] = (await operate(agentsSchema, '/v1/agents')).agents;
    agentId = agent?.id ?? '';
    harness.ledger.airdrop(address(agent?.publicKey ?? ''), 1_000_000_000_000n);
    await go('Approvals');
    await page.getByText('Nothing waits for you.').waitFor();
    const to = stranger();
    const payment = await daemon
      .client(token)
      .sendToken({ to, amount: 5_000_000_000n, memo: '<img src=x onerror=alert(1)>' });
    expect(payment.status).toBe('QUEUED');
    await page.getByText('5 SOL', { exact: true }).waitFor();
    await page.getByText(to).waitFor();
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    await page.getByText('Why this tier?').click();
    await page.getByText('delay_max').waitFor();
    // A wallet that says no, or whose answer never comes, leaves everything as it was.
    wallet.willing = false;
    await button('Approve').click();
    await page.getByRole('button', { name: /Test Wallet/ }).click();
    await sign();
    await page.getByText('The wallet did not sign.').waitFor();
    await dialog('Sign with your wallet').getByRole('button', { name: 'Cancel' }).click();
    wallet.willing = true;
    expect((await daemon.client(token).getTransaction(payment.transactionId)).status).toBe('QUEUED');
    expect(await button('Approve').isEnabled()).toBe(true);
    // Twice at once is once.
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    await button('Approve').dblclick();
    await page.getByRole('button', { name: /Test Wallet/ }).click();
    expect(await sign()).toContain(`approve_tx - pay 5 SOL to ${to} on solana localnet`);
    await page.getByText('Approved. It is being carried out.').waitFor();
    await page.getByText('Nothing waits for you.').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(sent.filter((one) => one.startsWith('POST /v1/owner/approve/'))).toHaveLength(1);
    await go('Transactions');
    await page.getByRole('region', { name: 'Transactions' }).getByText('CONFIRMED').waitFor();
    expect(await balanceOf(harness.ledger, to)).toBe(5_000_000_000n);
  });

  test('misses nothing while its stream is cut; rejects a payment with a reason, and nothing is paid', async () => {
    await go('Approvals');
    await page.getByText('Nothing waits for you.').waitFor();
    const stream = '**/v1/owner/changes';
    await page.route(stream, (route) => route.abort());
    await page.evaluate('cutStream()');
    await page.getByText(/^The daemon does not answer\./).waitFor();
    const to = stranger();
    await daemon.client(token).sendToken({ to, amount: 6_000_000_000n });
    await page.unroute(stream);
    await page.getByText('6 SOL', { exact: true }).waitFor();
    expect(await page.getByText(/^The daemon does not answer\./).count()).toBe(0);
    await button('Reject').click();
    await page.getByLabel('Reason (for the record)').fill('not mine');
    await look('reject-dialog');
    await dialog('Reject this payment').getByRole('button', { name: 'Reject' }).click();
    await page.getByText('Rejected. Nothing was paid.').waitFor();
    await go('Transactions');
    await page.getByRole('region', { name: 'Transactions' }).getByText('CANCELLED').waitFor();
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
  });

  test('pairs the chat of the owner with the code that the bot has given there', async () => {
    await bot.write(CHAT, '/auth');
    const { text } = await bot.next((message) => /\d{6}/.test(message.text));
    const [code = ''] = /\d{6}/.exec(text) ?? [];
    await go('Notifications');
    // A wrong one pairs nobody, and says what to do.
    await page.getByLabel('Six digits').fill(code === '000000' ? '000001' : '000000');
    await button('Pair').click();
    await page.getByText(/^That is no code of a chat.*\(INVALID_PAIRING_CODE\)$/).waitFor();
    await page.getByLabel('Six digits').fill(code);
    await button('Pair').click();
    await page.getByText(`Paired with Alice (chat ${CHAT}).`).waitFor();
    await button('Unpair').waitFor();
  });

  test('takes back what an agent holds as the owner wants it, and ends it without what is given up', async () => {
    const payer = await createPayer(harness, daemon);
    const mint = address(stranger());
    createMint(harness.ledger, mint);
    await giveTokens(harness.ledger, mint, payer.address, 3_000_000n);
    await visit(`/agents/${payer.agentId}`);
    await button('Recall funds').click();
    const recall = dialog('Recall funds: payer');
    expect(await recall.getByLabel(/^Destination/).inputValue()).toBe(wallet.address);
    await recall.getByRole('switch', { name: /^Keep what one more transfer costs/ }).click();
    await recall.getByText('This needs the signature of the owner.').waitFor();
    const act = recall.getByRole('button', { name: 'Recall funds' });
    expect(await act.isDisabled()).toBe(true);
    await recall.getByLabel('Type payer to confirm').fill('payer');
    await look('recall-dialog');
    await act.click();
    await page.getByTestId('signed-for').waitFor();
    await look('signing-recall');
    await page.getByTestId('signed-for').getByText(wallet.address).waitFor();
    expect(await sign()).toContain('WAIaaS Owner Action: recall');
    await recall.waitFor({ state: 'detached' });
    const recalls = page.getByRole('region', { name: 'Recalls' }).last();
    await recalls.getByText(wallet.address).waitFor();
    await recalls.getByText(/^(COMPLETED|PARTIAL)$/).waitFor();

    await button('Terminate').click();
    const end = dialog('Terminate: payer');
    await end.getByRole('checkbox', { name: new RegExp(mint) }).check();
    await end.getByLabel('Type payer to confirm').fill('payer');
    await look('terminate-dialog');
    await end.getByRole('button', { name: 'Terminate' }).click();
    expect(await sign()).toContain('WAIaaS Owner Action: manage_sessions');
    await end.waitFor({ state: 'detached' });
    await page
      .getByRole('main')
      .getByText(/^TERMINAT(ING|ED)$/)
      .first()
      .waitFor();
  });

  test('is handed over to a wallet of EIP-6963, which approves; all of it by the keyboard alone', async () => {
    await go('Owner');
    await button('Hand over to another wallet').click();
    await look('hand-over-dialog');
    await page.getByLabel('Master password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    const other = page.getByRole('button', { name: /Test Ether Wallet/ });
    await other.waitFor();
    await tabTo(other);
    await page.keyboard.press('Enter');
    for (const action of ['connect_owner', 'change_owner']) {
      await page.getByTestId('signed-text').getByText(`WAIaaS Owner Action: ${action}`).waitFor();
      await tabTo(button('Sign'));
      await page.keyboard.press('Enter');
    }
    await page.getByRole('main').getByText(etherWallet.address).waitFor();
    expect(etherWallet.texts.at(-1)).toContain('connect_owner');

    const to = stranger();
    await daemon.client(token).sendToken({ to, amount: 7_000_000_000n });
    await tabTo(page.getByRole('navigation').getByRole('link', { name: /^Approvals/ }));
    await page.keyboard.press('Enter');
    await page.getByText('7 SOL', { exact: true }).waitFor();
    await tabTo(button('Approve'));
    await page.keyboard.press('Enter');
    await dialog('Sign with your wallet').waitFor();
    // Escape changes nothing, and leads back to where the keyboard was.
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    expect(await focused()).toBe('Approve');
    await page.keyboard.press('Enter');
    await page.getByTestId('signed-text').waitFor();
    await tabTo(button('Sign'));
    await page.keyboard.press('Enter');
    await page.getByText('Approved. It is being carried out.').waitFor();
    expect(etherWallet.texts.at(-1)).toContain(`approve_tx - pay 7 SOL to ${to} on solana localnet`);
    await expect.poll(() => balanceOf(harness.ledger, to), { timeout: 20_000 }).toBe(7_000_000_000n);
  });

  test('tries a change of a policy before it counts, and has the owner sign it, with the limits of a token', async () => {
    const mint = address(stranger());
    createMint(harness.ledger, mint);
    const [agent] = (await operate(agentsSchema, '/v1/agents')).agents;
    await giveTokens(harness.ledger, mint, agent?.publicKey ?? '', 12_500_000n);
    await go('Policies');
    await button('Edit').click();
    await page.getByLabel('DELAY up to (SOL)').fill('20');
    await page.getByLabel('Amount (SOL)').fill('10');
    await button('Try').click();
    const dryRun = page.getByTestId('dry-run');
    await dryRun.getByText('APPROVAL', { exact: true }).waitFor();
    await dryRun.getByText('DELAY', { exact: true }).waitFor();
    await page.getByText(/3 payments: /).waitFor();
    // What was answered to another draft says nothing of this one.
    await page.getByLabel('DELAY up to (SOL)').fill('21');
    await dryRun.waitFor({ state: 'detached' });
    await page.getByLabel('DELAY up to (SOL)').fill('20');
    await dryRun.waitFor();
    await page.getByLabel(/^Mint or contract/).fill(mint);
    await button('Look up').click();
    await page.getByText(/, 6 decimals/).waitFor();
    await button('Add').click();
    const added = page.getByRole('dialog').getByRole('listitem').filter({ hasText: mint });
    await added.locator('summary').click();
    await added.getByLabel(/^INSTANT/).fill('0,5');
    await page.getByText(/^Not an amount of/).waitFor();
    await added.getByLabel(/^INSTANT/).fill('0.5');
    await added.getByLabel(/^NOTIFY/).fill('1.25');
    await added.getByLabel(/^DELAY/).fill('2');
    await look('policy-editor');
    await button('Save').click();
    expect(await sign()).toContain('update_settings');
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.getByText('≤ 20 SOL').waitFor();
    const [policy] = (await operate(policiesSchema, '/v1/owner/policies')).policies;
    expect(policy?.rules.token_limits).toMatchObject({
      [`solana:${mint}`]: { instant_max: '500000', notify_max: '1250000', delay_max: '2000000' },
    });
    // What the agent holds of it is told beside what it may spend of it.
    await visit(`/agents/${agentId}`);
    await page.getByRole('heading', { name: 'Tokens' }).waitFor();
    await page
      .getByRole('main')
      .getByText(/^12\.5 /)
      .waitFor();
  });

  test('saves no policy over a newer one: it says so, loses nothing that was typed, and goes on from that', async () => {
    const elsewhere = ownerElsewhere();
    /** Somebody else tightens a cap meanwhile. */
    const tighten = async (cap: object): Promise<void> => {
      const [policy] = (await elsewhere.listPolicies()).policies;
      if (policy === undefined) throw new Error('There is no policy');
      await elsewhere.updatePolicy(policy.id, { rules: { ...policy.rules, ...cap }, version: policy.version });
    };
    const rules = async () => (await operate(policiesSchema, '/v1/owner/policies')).policies[0]?.rules;
    await visit('/policies');
    await button('Edit').click();
    await page.getByLabel('NOTIFY up to (SOL)').fill('4');
    await tighten({ daily_max: '1900000000000' });
    const outrun = page.getByTestId('outrun');
    await page.getByText(/^Somebody else has changed this policy.*\(POLICY_CONFLICT\)$/).waitFor();
    await outrun.getByText('2,000 SOL → 1,900 SOL').waitFor();
    expect(await button('Save').isDisabled()).toBe(true);
    await look('policy-outrun', button('Go on from the newer one'));
    await button('Go on from the newer one').click();
    await page.getByText(/^You go on from the newer policy\./).waitFor();
    expect(await page.getByLabel('NOTIFY up to (SOL)').inputValue()).toBe('4');
    expect(await page.getByLabel('Daily cap (SOL)').first().inputValue()).toBe('1900');

    // And while the owner looks at what is to be signed.
    await button('Save').click();
    await page.getByTestId('signed-for').getByText('2 SOL → 4 SOL').waitFor();
    await tighten({ weekly_max: '9000000000000' });
    await sign();
    await outrun.getByText('no limit → 9,000 SOL').waitFor();
    expect(await rules()).toMatchObject({ notify_max: '2000000000' });
    await button('Go on from the newer one').click();
    expect(await page.getByLabel('NOTIFY up to (SOL)').inputValue()).toBe('4');
    await button('Save').click();
    // What is signed is what is changed, and nothing that somebody else has changed is put back.
    const about = page.getByTestId('signed-for');
    await about.getByText('2 SOL → 4 SOL').waitFor();
    expect(await about.getByText('→').count()).toBe(1);
    await sign();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    expect(await rules()).toMatchObject({
      notify_max: '4000000000',
      daily_max: '1900000000000',
      weekly_max: '9000000000000',
    });

    // Nor is one deleted that nobody has looked at: neither while it is asked, nor while the owner signs.
    await button('Delete').click();
    const deletion = dialog('Delete: Spending limit');
    const doDelete = deletion.getByRole('button', { name: 'Delete', exact: true });
    await deletion.getByText(/^This is the last spending limit in force for all agents/).waitFor();
    // With limits of a token that the page has not met yet: what is signed tells them in whole units all the same.
    const mint = address(stranger());
    createMint(harness.ledger, mint);
    const ofToken = { instant_max: '250000', notify_max: '500000', delay_max: '750000' };
    const { token_limits: tokens } = (await rules()) ?? {};
    await tighten({ weekly_max: '8000000000000', token_limits: { ...tokens, [mint]: ofToken } });
    await outrun.getByText('9,000 SOL → 8,000 SOL').waitFor();
    expect(await doDelete.isDisabled()).toBe(true);
    await look('policy-outrun-deletion');
    await button('Go on from the newer one').click();
    await doDelete.click();
    await about.getByText('Enabled → is deleted').waitFor();
    await about.getByText(/INSTANT up to: 0\.25 /).waitFor();
    // Once: that nothing is left of its kind is what the deletion does.
    await about.getByText(/^This is the last spending limit in force for all agents/).waitFor();
    expect(await about.getByText('Afterwards', { exact: true }).count()).toBe(0);
    await look('signing-deletion');
    await tighten({ weekly_max: '7000000000000' });
    await sign();
    await outrun.getByText('8,000 SOL → 7,000 SOL').waitFor();
    expect(await rules()).toMatchObject({ weekly_max: '7000000000000' });
    await page.keyboard.press('Escape');
    await deletion.waitFor({ state: 'detached' });
  });

  test('asks before a limit is taken off, and says what an empty list means', async () => {
    await visit('/policies');
    const off = dialog('Take this limit off?');
    await button('Edit').click();
    await page.getByRole('switch', { name: 'Enabled' }).click();
    await button('Save').click();
    await off.getByText(/^This is the last spending limit/).waitFor();
    // Who does not mean it signs nothing, and goes on from what was typed.
    await page.keyboard.press('Escape');
    await off.waitFor({ state: 'detached' });
    await button('Save').click();
    // What the own change makes newer is told as nobody else's, not even for a moment.
    await page.evaluate(`new MutationObserver(() => {
      if (document.body.textContent.includes('POLICY_CONFLICT')) document.body.dataset.outrun = '';
    }).observe(document.body, { subtree: true, childList: true, characterData: true }); undefined`);
    await off.getByRole('button', { name: 'Take it off' }).click();
    await page.getByTestId('signed-for').getByText('Enabled → Off').waitFor();
    await look('signing-policy');
    await sign();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Off', { exact: true }).waitFor();
    expect(await page.evaluate(`'outrun' in document.body.dataset`)).toBe(false);
    await button('Edit').click();
    await page.getByRole('switch', { name: 'Enabled' }).click();
    await button('Save').click();
    await sign();
    await page.getByRole('main').getByText('Enabled', { exact: true }).waitFor();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });

    await button('New policy').click();
    await page.getByLabel('Type').selectOption('WHITELIST');
    await page.getByText(/^An empty list is no list: everybody may be paid/).waitFor();
    await button('Save').click();
    await off.getByText(/everybody may be paid/).waitFor();
    await look('loosening-dialog');
    await off.getByRole('button', { name: 'Take it off' }).click();
    await sign();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Empty: everybody may be paid').waitFor();

    // The end of the only list that names somebody lets everybody be paid, too.
    await button('New policy').click();
    await page.getByLabel('Type').selectOption('WHITELIST');
    await page.getByLabel('Allowed recipients, one per line').fill(wallet.address);
    // It is meant to count, and is proposed to come before the empty one.
    await page.getByText(/^Takes the place of …[0-9a-f]{8}, priority 0\.$/).waitFor();
    expect(await page.getByLabel('Priority').inputValue()).toBe('1');
    await button('Save').click();
    await page.getByTestId('signed-for').getByText('solana', { exact: true }).waitFor();
    await sign();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Empty. It is not consulted now').waitFor();
    const only = page.getByRole('listitem').filter({ hasText: wallet.address }).filter({ hasText: 'WHITELIST' });
    await only.getByRole('button', { name: 'Delete', exact: true }).click();
    const end = dialog('Delete: Allowed recipients');
    await end.getByText(/^This is the last list of recipients/).waitFor();
    await look('delete-list-dialog');
    await end.getByRole('button', { name: 'Delete', exact: true }).click();
    await page
      .getByTestId('signed-for')
      .getByText(/Afterwards everybody may be paid/)
      .waitFor();
    await sign();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('Empty: everybody may be paid').waitFor();
  });

  test('says of a policy that will not count that it will not, in the form, in what is signed, and on its card', async () => {
    const elsewhere = ownerElsewhere();
    const limits = async () =>
      (await operate(policiesSchema, '/v1/owner/policies')).policies.filter(({ type }) => type === 'SPENDING_LIMIT');
    const [first] = await limits();
    const nameOf = (id = '', priority = 0): string => `…${id.slice(-8)}, priority ${priority}`;
    const about = page.getByTestId('signed-for');
    const priority = page.getByLabel('Priority');
    /** Somebody else changes the policies, and the page has not heard of it yet. */
    const unheard = async (change: () => Promise<unknown>): Promise<void> => {
      const path = '**/v1/owner/policies';
      const body = JSON.stringify(await operate(z.unknown(), '/v1/owner/policies'));
      let looks = 0;
      await page.route(path, async (route) => {
        if (route.request().method() !== 'GET') return route.continue();
        looks += 1;
        return route.fulfill({ contentType: 'application/json', body });
      });
      await change();
      await expect.poll(() => looks, { timeout: 30_000 }).toBeGreaterThan(0);
      await page.unroute(path);
    };

    await visit('/policies');
    await button('New policy').click();
    await page.getByText(`Takes the place of ${nameOf(first?.id)}.`).waitFor();
    expect(await priority.inputValue()).toBe('1');
    // One agent's own takes the place of that for all, whatever the priority.
    await page.getByLabel('Holds for').selectOption(agentId);
    await page
      .getByText(`For this agent it takes the place of ${nameOf(first?.id)}, which is for all agents.`)
      .waitFor();
    expect(await priority.inputValue()).toBe('0');
    await page.getByLabel('Type').selectOption('RATE_LIMIT');
    await page.getByText('it takes the place of').waitFor({ state: 'detached' });
    await page.getByLabel('Type').selectOption('SPENDING_LIMIT');
    // What somebody has typed stays, whatever is chosen then.
    await page.getByLabel('Holds for').selectOption('');
    await priority.fill('0');
    await page.getByLabel('Type').selectOption('WHITELIST');
    expect(await priority.inputValue()).toBe('0');
    await page.getByLabel('Type').selectOption('SPENDING_LIMIT');
    await page.getByLabel('Daily cap (SOL)').fill('5');
    await page.getByLabel('Weekly cap (SOL)').fill('4');
    await page.getByText('SOL: The weekly cap must not be below the daily one.').waitFor();
    await page.getByLabel('Weekly cap (SOL)').fill('1500');
    await page.getByLabel('Delay, seconds').fill('59');
    await page.getByText('Delay, seconds: only from 60 to 2,592,000.').waitFor();
    expect(await button('Save').isDisabled()).toBe(true);
    await page.getByLabel('Delay, seconds').fill('60');
    const behind = `${nameOf(first?.id)}, comes first.`;
    await page.getByText(`Does not count: ${behind}`).waitFor();
    await look('policy-behind', page.getByText(`Does not count: ${behind}`));
    await button('Save').click();
    await about.getByText(`Does not count: ${behind}`).waitFor();
    await look('signing-behind');
    await sign();
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    const card = page.getByRole('main').getByRole('listitem').filter({ hasText: '1,500 SOL' });
    await card.getByText('Does not count', { exact: true }).waitFor();
    await card.getByText(behind, { exact: true }).waitFor();
    expect(await card.getByText('Enabled', { exact: true }).count()).toBe(0);
    await look('policy-card-behind', card);

    // So does a change of it; and what takes the place of another one says of which.
    const second = (await limits()).find(({ id }) => id !== first?.id);
    await card.getByRole('button', { name: 'Edit' }).click();
    await page.getByLabel('Daily cap (SOL)').fill('4');
    await page.getByText(`Does not count: ${behind}`).waitFor();
    await priority.fill('1');
    await page.getByText(`Takes the place of ${nameOf(first?.id)}.`).waitFor();
    // Somebody else comes before it meanwhile: nothing is signed for that is not so any more, and the page says why.
    const third = {
      type: 'SPENDING_LIMIT',
      priority: 2,
      rules: { instant_max: '1', notify_max: '2', delay_max: '3' },
    } as const;
    await unheard(() => elsewhere.createPolicy(third));
    await button('Save').click();
    await page.getByText(/^What counts afterwards has just become something else\./).waitFor();
    expect(await about.count()).toBe(0);
    const last = (await limits()).find(({ id }) => id !== first?.id && id !== second?.id);
    await page.getByText(`Does not count: ${nameOf(last?.id, 2)}, comes first.`).waitFor();
    await look('policy-moved', page.getByText(/^What counts afterwards has just become/));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });

    // Nor is anything deleted without a word where what follows is another thing by now.
    const ofLast = page
      .getByRole('main')
      .getByRole('listitem')
      .filter({ hasText: `…${last?.id.slice(-8)} · v1` });
    await ofLast.getByRole('button', { name: 'Delete', exact: true }).click();
    const deletion = dialog('Delete: Spending limit');
    const doDelete = deletion.getByRole('button', { name: 'Delete', exact: true });
    await deletion.getByText(/Weekly cap/).waitFor();
    await unheard(() => elsewhere.updatePolicy(second?.id ?? '', { priority: 1 }));
    await doDelete.click();
    await deletion.getByText(/^What counts afterwards has just become something else\./).waitFor();
    expect(await about.count()).toBe(0);
    await look('deletion-moved');
    await doDelete.click();
    await about.getByText('Enabled → is deleted').waitFor();
    await sign();
    await deletion.waitFor({ state: 'detached' });
    await elsewhere.deletePolicy(second?.id ?? '');
    await page.getByRole('main').getByText('Does not count').first().waitFor({ state: 'detached' });
    expect(await limits()).toHaveLength(1);
  });

  test('changes settings that count at once, and has the owner register a recovery address', async () => {
    await go('Settings');
    await page.getByLabel('Log level').selectOption('debug');
    await page.getByRole('region', { name: 'While it runs' }).getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved. It counts from now on.').waitFor();
    const { server, changed } = await operate(settingsSchema, '/v1/owner/settings');
    expect(server.logLevel).toBe('debug');
    expect(changed).toEqual(['server.logLevel']);

    await visit(`/agents/${agentId}`);
    // Up to what it holds now, however long ago the daemon has looked.
    await page.getByRole('img', { name: /^Balance in SOL: from .* to 9\d\d[. ]/ }).waitFor();
    const copy = page.getByRole('button', { name: /^Copy: / }).first();
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await copy.click();
    await page.getByRole('status').getByText('Copied').waitFor();
    expect(`Copy: ${await page.evaluate('navigator.clipboard.readText()')}`).toBe(
      await copy.getAttribute('aria-label'),
    );
    await page.getByText('QR code', { exact: true }).click();
    await page.getByRole('img', { name: /^QR code of the address/ }).waitFor();
    const home = stranger();
    await button('Set another address').click();
    await page.getByLabel('Address', { exact: true }).fill(home);
    await page.getByLabel('Master password').fill(PASSWORD);
    await button('Continue').click();
    await page.getByTestId('signed-for').getByText(home).waitFor();
    expect(await sign()).toContain('WAIaaS Owner Action: recall');
    await page.getByRole('dialog').first().waitFor({ state: 'detached' });
    await page.getByText(home).waitFor();
    await look('agent');
  });

  test('has every screen in both appearances, languages and at any width, without a serious finding of axe', async () => {
    await daemon.client(token).sendToken({ to: stranger(), amount: 50_000_000_000n });
    const slugOf = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');
    for (const [path, heading] of SCREENS) {
      await visit(path);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await look(slugOf(heading));
    }
    await visit('/settings');
    await page.getByLabel('Language').selectOption('ko');
    await page.getByRole('heading', { name: '설정', level: 1 }).waitFor();
    await page.evaluate(`new FontFace('Noto Sans KR', Uint8Array.from(atob('${KOREAN}'), (byte) => byte.charCodeAt(0)))
      .load().then((face) => { document.fonts.add(face); })`);
    await page.setViewportSize(NARROW);
    for (const [path, heading] of [...SCREENS, [`/agents/${agentId}`, 'Agent'], ['/setup', 'Set up']] as const) {
      await visit(path);
      await lookOnce(`${slugOf(heading)}-korean-narrow`);
    }
    for (const [path, opener] of [
      ['/policies', '편집'],
      ['/kill-switch', '모두 멈추기'],
    ] as const) {
      await visit(path);
      await button(opener).first().click();
      await lookOnce(`${path.slice(1)}-dialog-korean-narrow`);
      await page.keyboard.press('Escape');
    }
    await page.setViewportSize({ width: 3840, height: 2160 });
    await visit('/');
    await lookOnce('dashboard-korean-4k');
    await page.setViewportSize(WIDE);
    await visit('/settings');
    await page.getByLabel('언어').selectOption('en');
    expect(faults).toEqual([]);
    await visit('/audit');
    await button('Verify').click();
    await page.getByText(/^Intact: /).waitFor();
    await visit('/transactions');
    await page.locator('table a').last().click();
    await page.getByText('TX_REQUESTED').waitFor();
    await look('transaction');
  });

  test('says what it waits for and what failed, shows the last answer with its age, and does not jump about', async () => {
    const path = '**/v1/owner/policies';
    const list = page.getByText('SPENDING_LIMIT').first();
    /** Signed in anew, the page knows nothing from before. */
    const openList = async (answer: (route: Route) => unknown): Promise<void> => {
      await page.route(path, async (route) => void (await answer(route)));
      await page.goto(`${daemon.url}/console/policies`);
      await signIn();
    };
    /** Once it answers again, who does not wait gets what they asked for. */
    const askAnew = async (): Promise<void> => {
      await page.unroute(path);
      await button('Try again').click();
      await list.waitFor({ timeout: ANEW_MS });
    };
    // It takes the question, and says nothing more: that is said before it is given up.
    let held = 0;
    let isHeld = true;
    await openList((route) => {
      if (!isHeld) return route.continue();
      held += 1;
      return undefined;
    });
    await page.getByText('The daemon has not answered yet.').waitFor({ timeout: SAID_MS });
    await lookOnce('policies-late');
    // Asked anew in vain, it shows that it is tried, and says so again.
    const before = held;
    await button('Try again').click();
    await button('Trying…').waitFor();
    await page.getByText('The daemon has not answered yet.').waitFor();
    expect(held).toBeGreaterThan(before);
    // What hangs is given up by itself, and asked for again.
    isHeld = false;
    await list.waitFor({ timeout: ANEW_MS });
    await page.unroute(path);

    await openList((route) => route.fulfill({ status: 503, body: 'no' }));
    await button('Try again').waitFor({ timeout: SAID_MS });
    await page.getByRole('alert').waitFor({ timeout: SAID_MS });
    await lookOnce('policies-failed');
    // What is tried shows that it is, and fails in the same place.
    await page.unroute(path);
    await page.route(path, async (route) => {
      await pause(LATE_MS);
      await route.fulfill({ status: 503, body: 'no' });
    });
    await button('Try again').click();
    await button('Trying…').waitFor();
    await button('Try again').waitFor({ timeout: SAID_MS });
    await askAnew();

    const limited = { code: 'RATE_LIMIT_EXCEEDED', message: 'no', retryable: true, details: { retryAfter: 45 } };
    await openList((route) => route.fulfill({ status: 429, json: limited }));
    await page.getByText(/^Too many requests\. .+ It is asked again in 00:[0-4]\d\.$/).waitFor({ timeout: SAID_MS });
    await lookOnce('policies-limited');
    await askAnew();
    expect(faults).toEqual([]);

    // Every answer is late, so that whatever is not kept a place for would move what is shown already.
    await page.route(/\/v1\/(?!owner\/changes)/, async (route) => {
      await pause(LATE_MS);
      await route.continue();
    });
    const shifts: string[] = [];
    for (const [where, heading] of SCREENS) {
      await page.evaluate('globalThis.shifted = 0');
      await page.evaluate(`history.pushState(null, '', '/console${where}')`);
      await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await page.locator('[data-loading]').first().waitFor({ state: 'detached' });
      // What has come last is to be drawn, and measured.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
      const shifted = Number(await page.evaluate('globalThis.shifted'));
      if (shifted > SHIFT_MOST) shifts.push(`${heading}: ${shifted}`);
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    expect(shifts).toEqual([]);
  });

  test('reaches every one of more than a hundred payments that wait', async () => {
    const others: Payer[] = [];
    for (let n = 0; n < 5; n += 1) others.push(await createPayer(harness, daemon));
    const queued = await Promise.all(
      others.flatMap(({ token: of }) =>
        Array.from({ length: 22 }, () => daemon.client(of).sendToken({ to: stranger(), amount: 21_000_000_000n })),
      ),
    );
    expect(new Set(queued.map(({ status }) => status))).toEqual(new Set(['QUEUED']));
    await visit('/approvals');
    // With the one from before.
    const approvals = page.getByRole('main').getByRole('button', { name: 'Approve' });
    await expect.poll(() => approvals.count(), { timeout: 20_000 }).toBe(111);
    await page.getByRole('navigation').getByRole('link', { name: 'Approvals 111' }).waitFor();
  });

  test('counts down by the time of the daemon, where the clock of the machine is an hour fast', async () => {
    const skewed = await browser.newPage();
    await skewed.clock.install({ time: Date.now() + 3_600_000 });
    await skewed.goto(`${daemon.url}/console/approvals`);
    await signIn(skewed);
    // An hour to approve: by its own clock the page would call all of them over.
    await skewed
      .getByText(/^\d\d:\d\d left to approve$/)
      .first()
      .waitFor();
    expect(await skewed.getByText('The time is over').count()).toBe(0);

    // Once nothing is left nobody can approve, before the daemon says so itself.
    // And an agent, whose name no daemon takes that could be anything but text, is text here all the same.
    const agentName = '<img src=x onerror=alert(1)>';
    const named = { name: agentName, chain: 'solana', network: 'localnet' };
    expect((await daemon.operate('POST', '/v1/agents', named)).status).toBe(400);
    const expiresAt = new Date(Date.now() + 4_000).toISOString();
    await skewed.route('**/pending-approvals*', async (route) => {
      const answer = await route.fetch();
      const { transactions, ...rest } = waitingSchema.parse(await answer.json());
      await route.fulfill({
        json: { transactions: transactions.map((one) => ({ ...one, expiresAt, agentName })), ...rest },
      });
    });
    await skewed.goto(`${daemon.url}/console/approvals`);
    await signIn(skewed);
    await skewed.getByText('The time is over').first().waitFor();
    await skewed.getByText(agentName).first().waitFor();
    expect(await skewed.locator('img[src="x"]').count()).toBe(0);
    // Each card counts down by itself: the first of them may be the last.
    const approve = skewed.getByRole('button', { name: 'Approve', exact: true }).first();
    await expect.poll(() => approve.isDisabled(), { timeout: 5_000 }).toBe(true);
    await skewed.unrouteAll({ behavior: 'ignoreErrors' });
    await skewed.close();
  });

  test('signs out who has not touched it for ten minutes', async () => {
    const idle = await browser.newPage();
    await idle.clock.install();
    await idle.goto(`${daemon.url}/console`);
    await signIn(idle);
    await idle.clock.fastForward('11:00');
    await idle.getByText('You were signed out after ten minutes without a touch.').waitFor();
    await idle.close();
  });

  const recover = async (): Promise<void> => {
    await page.getByLabel('Master password').fill(PASSWORD);
    await button('Recover').click();
    await page.getByRole('button', { name: /Test Ether Wallet/ }).click();
    expect(await sign()).toContain('WAIaaS Owner Action: recover');
    await page.getByText('Recovered. Sign in again.').waitFor();
  };

  test('gives way within five seconds to a kill switch that was engaged elsewhere, and says when and why', async () => {
    await visit('/agents');
    await button('New agent').click();
    const { status } = await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'smoke in the server room' });
    expect(status).toBe(200);
    await page.getByRole('heading', { name: 'The kill switch is engaged' }).waitFor({ timeout: 5_000 });
    await page.getByText('smoke in the server room').waitFor();
    expect(await page.getByRole('dialog').count()).toBe(0);
    await recover();
    await signIn();
  });

  test('stops everything by the keyboard, shows nothing but the recovery, and recovers by wallet and password', async () => {
    await visit('/owner');
    await tabTo(page.getByRole('navigation').getByRole('link', { name: 'Kill switch' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Kill switch', level: 1 }).waitFor();
    // What nothing tells while it is engaged, to who did not engage it.
    const last = page.getByRole('region', { name: 'The last time it was engaged' });
    await last.getByText('smoke in the server room').waitFor();
    await last.getByText(/^\d+ sessions revoked, \d+ payments cancelled, \d+ agents suspended\.$/).waitFor();
    await tabTo(button('Stop everything'));
    await page.keyboard.press('Enter');
    await dialog('Kill switch').waitFor();
    // The focus begins at the reason; Enter there stops nothing.
    await page.keyboard.type('drill');
    await page.keyboard.press('Enter');
    expect(await page.getByLabel('Reason').inputValue()).toBe('drill');
    await look('kill-switch-dialog');
    await tabTo(dialog('Kill switch').getByRole('button', { name: 'Stop everything' }));
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'The kill switch is engaged' }).waitFor();
    await page.getByText(/^\d+ sessions revoked, \d+ payments cancelled, \d+ agents suspended\.$/).waitFor();
    await page.getByText('drill', { exact: true }).waitFor();
    await look('locked');
    await page.reload();
    await page.getByRole('heading', { name: 'The kill switch is engaged' }).waitFor();
    await page.getByText('drill', { exact: true }).waitFor();
    await page.getByText(/^The audit log has the figures,/).waitFor();
    await look('locked-after-reload');
    await recover();
    await signIn();
    await visit('/kill-switch');
    await last.getByText('drill').waitFor();
    await last.getByText(/^\d+ sessions revoked, \d+ payments cancelled, \d+ agents suspended\.$/).waitFor();
  });

  test('keeps neither password nor token in the browser, and never acted against its policy', async () => {
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(kept).not.toMatch(/wai_|Canary/);
    expect(complaints).toEqual([]);
    expect(faults).toEqual([]);
  });

  test('says how long no password is taken after five wrong ones, also to who comes back', async () => {
    const guest = await browser.newPage();
    await guest.goto(`${daemon.url}/console`);
    const attempt = async (password: string): Promise<void> => {
      await guest.getByLabel('Master password').fill(password);
      const answered = guest.waitForResponse('**/v1/admin/login');
      await guest.getByRole('button', { name: 'Sign in', exact: true }).click();
      await answered;
      await expect.poll(() => guest.getByLabel('Master password').inputValue()).toBe('');
    };
    const told = guest.getByText(/^Too many wrong passwords\. Try again in (30:00|29:\d\d)\.$/);
    for (let n = 0; n < 6; n += 1) await attempt(`a wrong password ${n}`);
    await told.waitFor();
    await guest.reload();
    // Not with the right one either.
    await attempt(PASSWORD);
    await told.waitFor();
    await guest.close();
  });

  test('says so when the daemon has gone, and goes on showing what it knew', async () => {
    await visit('/agents');
    await page.getByRole('main').getByText('shopper').waitFor();
    await daemon.stop();
    await page.getByText(/^The daemon does not answer\./).waitFor();
    await page.getByRole('main').getByText('shopper').waitFor();
  });
});
