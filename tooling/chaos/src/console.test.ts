import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { address } from '@solana/kit';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM_ARGUMENTS, findChromium } from '../test/browser/chromium.ts';
import { createTestWallet } from '../test/browser/test-wallet.ts';
import { createHarness, type DaemonProcess, type Harness, PASSWORD } from './harness.ts';
import { balanceOf, stranger } from './ledger-truth.ts';

const BUILT = fileURLToPath(new URL('../../../apps/daemon/dist/console/', import.meta.url));
const PICTURES = fileURLToPath(new URL('../../../.reports/console/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const FIRST_LOAD_MOST = 300_000;
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

// Without a browser on the machine there is nothing to open the console with; `npm test` says so before it runs these.
describe.skipIf(executablePath === null)('the console, in a browser, over the real daemon', () => {
  const wallet = createTestWallet();
  /** What the browser itself complained of: a violated policy, a script that failed. */
  const complaints: string[] = [];
  let harness: Harness;
  let daemon: DaemonProcess;
  let browser: Browser;
  let page: Page;
  let token = '';

  /** The name of the link to the approvals ends with how many wait. */
  const go = (place: string): Promise<void> =>
    page
      .getByRole('navigation')
      .getByRole('link', { name: new RegExp(`^${place}\\s*\\d*$`) })
      .click();
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const dialog = (name: string) => page.getByRole('dialog', { name });
  const sign = async (): Promise<string> => {
    const text = (await page.getByTestId('signed-text').textContent()) ?? '';
    await dialog('Sign with your wallet').getByRole('button', { name: 'Sign', exact: true }).click();
    return text;
  };
  const signIn = async (): Promise<void> => {
    await page.getByLabel('Master password').fill(PASSWORD);
    await button('Sign in').click();
    // To whatever screen the address names.
    await page.getByRole('navigation').waitFor();
  };

  /** Serious findings of axe on what is shown. */
  async function findings(): Promise<readonly string[]> {
    await page.evaluate(`${AXE};undefined`);
    const found: unknown = await page.evaluate(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).slice(0, 3).join(' ')))`,
    );
    return Array.isArray(found) ? found.map(String) : ['axe answered nothing'];
  }

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    harness = await createHarness();
    daemon = await harness.start(await harness.createDataDir());
    browser = await chromium.launch({ executablePath: String(executablePath), args: CHROMIUM_ARGUMENTS });
    page = await browser.newPage({ viewport: { width: 1280, height: 900 }, locale: 'en-US', colorScheme: 'light' });
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => {
      // A refusal is an answer, which the browser reports as a resource that failed to load.
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await wallet.install(page);
    await page.goto(`${daemon.url}/console`);
  });
  afterAll(async () => {
    await browser?.close();
    await daemon?.stop();
    await harness?.close();
  });

  test('lets nobody in with a wrong password, and the operator with the right one', async () => {
    await page.getByLabel('Master password').fill('not the password at all');
    await button('Sign in').click();
    await page.getByText('The master password is wrong.').waitFor();
    await signIn();
    await page.getByText('This daemon is not fully set up yet.').waitFor();
  });

  test('leads through a fresh install: owner, agent, limits, session', async () => {
    await page.getByRole('link', { name: 'Go on with the set-up' }).click();
    await button('Connect a wallet').click();
    await page.getByLabel('Master password').fill(PASSWORD);
    await button('Continue').click();
    // A person who says no has changed nothing.
    wallet.willing = false;
    await page.getByRole('button', { name: /Test Wallet/ }).click();
    await sign();
    await page.getByText('The wallet did not sign.').waitFor();
    wallet.willing = true;
    const text = await sign();
    expect(text).toContain('WAIaaS Owner Action: connect_owner');
    expect(wallet.texts.at(-1)).toBe(text);
    // What is done is asked of the daemon, and the next step follows by itself.
    await page.getByRole('heading', { name: 'Agent', exact: true }).waitFor();

    await button('New agent').click();
    await page.getByLabel('Name').fill('shopper');
    await page.getByLabel('Network').selectOption('localnet');
    await button('Create').click();
    await page.getByRole('heading', { name: 'Limits', exact: true }).waitFor();

    await page.screenshot({ path: join(PICTURES, 'setup-light.png') });
    await page.getByLabel('INSTANT up to (SOL)').fill('1');
    await page.getByLabel('NOTIFY up to (SOL)').fill('2');
    await page.getByLabel('DELAY up to (SOL)').fill('3');
    await page.getByLabel('Daily cap (SOL)').fill('100');
    await button('Save').click();
    expect(await sign()).toContain('WAIaaS Owner Action: update_settings');
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    await button('Skip for now').click();

    await button('New session').click();
    await button('Create').click();
    token = (await page.getByTestId('session-token').textContent()) ?? '';
    expect(token).toMatch(/^wai_sess_/);
    await page.getByText('"WAIAAS_SESSION_TOKEN"').waitFor();
    await dialog('The token of the session').getByRole('button', { name: 'Close' }).last().click();
    expect(await page.content()).not.toContain(token);
  });

  test('shows a payment that waits the moment it does, and carries it out once the owner has signed', async () => {
    const { agents } = await (async () => {
      const { body } = await daemon.operate('GET', '/v1/agents');
      return body as { agents: { publicKey: string }[] };
    })();
    harness.ledger.airdrop(address(agents[0]?.publicKey ?? ''), 1_000_000_000_000n);
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
    await button('Approve').click();
    expect(await sign()).toContain(`approve_tx - pay 5 SOL to ${to} on solana localnet`);
    await page.getByText('Approved. It is being carried out.').waitFor();
    await page.getByText('Nothing waits for you.').waitFor();
    await go('Transactions');
    await page.getByRole('region', { name: 'Transactions' }).getByText('CONFIRMED').waitFor();
    expect(await balanceOf(harness.ledger, to)).toBe(5_000_000_000n);
  });

  test('rejects a payment with a reason; nothing is paid', async () => {
    const to = stranger();
    await daemon.client(token).sendToken({ to, amount: 6_000_000_000n });
    await go('Approvals');
    await button('Reject').click();
    await page.getByLabel('Reason (for the record)').fill('not mine');
    await dialog('Reject this payment').getByRole('button', { name: 'Reject' }).click();
    await page.getByText('Rejected. Nothing was paid.').waitFor();
    await go('Transactions');
    await page.getByRole('region', { name: 'Transactions' }).getByText('CANCELLED').waitFor();
    expect(await balanceOf(harness.ledger, to)).toBe(0n);
  });

  test('tries a change of a policy before it counts, and has the owner sign it', async () => {
    await go('Policies');
    await button('Edit').click();
    await page.getByLabel('DELAY up to (SOL)').fill('20');
    await page.getByLabel('Amount (SOL)').fill('10');
    await button('Try').click();
    const dryRun = page.getByTestId('dry-run');
    await dryRun.getByText('APPROVAL', { exact: true }).waitFor();
    await dryRun.getByText('DELAY', { exact: true }).waitFor();
    await page.getByText(/2 payments: /).waitFor();
    expect(await findings()).toEqual([]);
    await page.screenshot({ path: join(PICTURES, 'policy-editor-light.png') });
    await button('Save').click();
    expect(await sign()).toContain('update_settings');
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
    await page.getByText('≤ 20 SOL').waitFor();
  });

  test('has every screen in both appearances, at any width, without a serious finding of axe', async () => {
    const screens = {
      Dashboard: 'Dashboard',
      Approvals: 'Approvals',
      Transactions: 'Transactions',
      Agents: 'Agents',
      Sessions: 'Sessions',
      Policies: 'Policies',
      Notifications: 'Notifications',
      'Auto-stop': 'Auto-stop',
      'Audit log': 'Audit log',
      Owner: 'Owner',
      Settings: 'Settings',
      'Kill switch': 'Kill switch',
    };
    await daemon.client(token).sendToken({ to: stranger(), amount: 50_000_000_000n });
    const faults: string[] = [];
    for (const theme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: theme });
      for (const [name, heading] of Object.entries(screens)) {
        await go(name);
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
        await page.getByLabel('Loading…').first().waitFor({ state: 'detached' });
        const slug = heading.toLowerCase().replaceAll(' ', '-');
        await page.screenshot({ path: join(PICTURES, `${slug}-${theme}.png`) });
        for (const finding of await findings()) faults.push(`${name}, ${theme}: ${finding}`);
        if (theme === 'light') continue;
        await page.setViewportSize({ width: 360, height: 740 });
        const beyond = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
        if (beyond > 0) faults.push(`${name}: ${beyond} px wider than a screen of 360 px`);
        await page.screenshot({ path: join(PICTURES, `${slug}-narrow.png`) });
        await page.setViewportSize({ width: 1280, height: 900 });
      }
    }
    expect(faults).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await go('Audit log');
    await button('Verify').click();
    await page.getByText(/^Intact: /).waitFor();
    await go('Transactions');
    await page.locator('table a').last().click();
    await page.getByText('TX_REQUESTED').waitFor();
    await page.screenshot({ path: join(PICTURES, 'transaction-light.png'), fullPage: true });
    await go('Agents');
    await page.getByRole('link', { name: /shopper/ }).click();
    await page.getByText('Holds').waitFor();
    await page.screenshot({ path: join(PICTURES, 'agent-light.png'), fullPage: true });
    await go('Settings');
    await page.getByLabel('Language').selectOption('ko');
    await page.getByRole('heading', { name: '설정', level: 1 }).waitFor();
    await page.getByLabel('언어').selectOption('en');
  });

  test('stops everything, shows nothing but the recovery, and recovers by wallet and password', async () => {
    await go('Kill switch');
    await button('Stop everything').click();
    await page.getByLabel('Reason').fill('drill');
    await dialog('Kill switch').getByRole('button', { name: 'Stop everything' }).click();
    await page.getByRole('heading', { name: 'The kill switch is engaged' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'The kill switch is engaged' }).waitFor();
    await page.screenshot({ path: join(PICTURES, 'locked-light.png') });
    expect(await findings()).toEqual([]);
    await page.getByLabel('Master password').fill(PASSWORD);
    await button('Recover').click();
    await page.getByRole('button', { name: /Test Wallet/ }).click();
    expect(await sign()).toContain('WAIaaS Owner Action: recover');
    await page.getByText('Recovered. Sign in again.').waitFor();
    await page.screenshot({ path: join(PICTURES, 'sign-in-light.png') });
    await signIn();
  });

  test('keeps neither password nor token in the browser, and never acted against its policy', async () => {
    const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])');
    expect(kept).not.toMatch(/wai_|Canary/);
    expect(complaints).toEqual([]);
  });
});
