import { QueryClientProvider, QueryObserver } from '@tanstack/react-query';
import { createElement, type ReactNode } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Router } from 'wouter';

// What the page expects of a browser before anything is drawn.
vi.hoisted(() => {
  Reflect.set(globalThis, 'matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  Reflect.set(globalThis, 'location', { origin: 'http://127.0.0.1:3100' });
});

import { Speaking } from '../i18n/language.tsx';
import { Layout } from '../layout.tsx';
import { AgentScreen } from '../screens/agent.tsx';
import { AgentsScreen } from '../screens/agents.tsx';
import { ApprovalsScreen } from '../screens/approvals.tsx';
import { AuditScreen } from '../screens/audit.tsx';
import { AutoStopScreen } from '../screens/auto-stop.tsx';
import { DashboardScreen } from '../screens/dashboard.tsx';
import { KillSwitchScreen } from '../screens/kill-switch.tsx';
import { NotificationsScreen } from '../screens/notifications.tsx';
import { OwnerScreen } from '../screens/owner.tsx';
import { PoliciesScreen } from '../screens/policies.tsx';
import { SessionsScreen } from '../screens/sessions.tsx';
import { SettingsScreen } from '../screens/settings.tsx';
import { SetupScreen } from '../screens/setup.tsx';
import { TransactionScreen } from '../screens/transaction.tsx';
import { TransactionsScreen } from '../screens/transactions.tsx';
import { SigningDesk } from '../wallets/signing.tsx';
import { createOperator } from './operator.ts';
import { createQueryClient } from './query-client.ts';
import { SessionContext } from './session.tsx';
import { watchDaemon } from './watch-daemon.ts';

/* Ten minutes of each screen, drawn with its own queries, before a daemon whose agents never rest (07 §15 row 1). */

const MINUTE = 60_000;
const TEN_MINUTES = 10 * MINUTE;
/** So often something changes. */
const STEP_MS = 2_000;
const MOST_IN_A_MINUTE = 40;
/** After a rest, what changes is looked at at once for a while; agents of the same machine share 100 a minute with the page. */
const MOST_AT_FIRST = 80;
/** For what waits, where something else begins to wait all the time: those are looked at as soon as can be. */
const WAITING_MORE = 25;
/** For what is looked at so seldom that it is asked for once more before the next look. */
const ASKED_AGAIN = 10;

const NOW = '2026-07-01T12:00:00.000Z';
const id = (n: number): string => `0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f${String(n).padStart(2, '0')}`;
const ADDRESS = '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU';
const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';

const agents = Array.from({ length: 8 }, (_, n) => ({
  id: id(n),
  name: `agent ${n}`,
  status: 'ACTIVE',
  chain: 'solana',
  network: 'devnet',
  publicKey: ADDRESS,
  createdAt: NOW,
  sessionCount: 1,
  totalTxCount: 9,
}));
const payment = {
  transactionId: id(50),
  agentId: id(0),
  agentName: 'agent 0',
  chain: 'solana',
  network: 'devnet',
  asset: 'solana:native',
  amount: '1000000000',
  toAddress: ADDRESS,
  status: 'CONFIRMED',
  tier: 'INSTANT',
  createdAt: NOW,
};
const waiting = {
  txId: id(51),
  agentId: id(0),
  agentName: 'agent 0',
  chain: 'solana',
  network: 'devnet',
  asset: 'solana:native',
  amount: '1000000000',
  toAddress: ADDRESS,
  tier: 'APPROVAL',
  queuedAt: NOW,
  expiresAt: '2026-07-01T13:00:00.000Z',
  inWords: 'pay 1 SOL',
};
const policy = { asset: 'solana:native', symbol: 'SOL', decimals: 9, tiers: null, dailyCap: null, weeklyCap: null };
const page = { nextCursor: null };
const grant = {
  id: id(52),
  agentId: id(0),
  agentName: 'agent 0',
  constraints: { maxTotalAmount: '5000000000', allowedDestinations: [ADDRESS] },
  usageStats: { totalTx: 1, totalAmount: '1000000000', lastTxAt: NOW },
  expiresAt: '2026-07-02T12:00:00.000Z',
  createdAt: NOW,
  renewalCount: 0,
  absoluteExpiresAt: '2026-07-31T12:00:00.000Z',
};
const limits = {
  id: id(53),
  version: 1,
  agentId: null,
  type: 'SPENDING_LIMIT',
  rules: { chain: 'solana', instant_max: '1', notify_max: '2', delay_max: '3' },
  priority: 0,
  enabled: true,
  createdAt: NOW,
  updatedAt: NOW,
  authentic: true,
};
const paused = { killSwitch: { status: 'NORMAL' }, workers: {}, adapters: [] };

/** What the daemon answers, by the end of the path. */
const ANSWERS: readonly (readonly [path: RegExp, body: object])[] = [
  [/\/admin\/login$/, { token: 'wai_op_test', expiresAt: NOW }],
  [/\/pending-approvals$/, { transactions: [], ...page }],
  [/\/owner\/transactions$/, { transactions: [payment], ...page }],
  [/\/owner\/transactions\//, payment],
  [/\/decisions\//, { transactionId: id(50), criteria: [], session: [], replay: 'same' }],
  [/\/v1\/agents$/, { agents }],
  [/\/assets$/, { network: 'devnet', assets: [{ asset: `solana:${MINT}`, tokenMint: MINT, formatted: '1 USDC' }] }],
  [/\/budget$/, { agentId: id(0), policy }],
  [/\/balance-history$/, { agentId: id(0), from: NOW, to: NOW, series: [] }],
  [/\/recovery-address$/, { agentId: id(0), address: null, next: null }],
  [/\/recalls$/, { recalls: [] }],
  [/\/owner\/sessions$/, { sessions: [grant], ...page }],
  [/\/policies$/, { policies: [limits], notAuthentic: [] }],
  [/\/auto-stop-rules$/, { rules: [], authentic: true }],
  [/\/owner\/status$/, { connected: true, address: ADDRESS, chain: 'solana', connectedAt: NOW, systemState: 'NORMAL' }],
  [/\/notification-channels$/, { channels: [], enabled: true, reachable: 0, minChannels: 2 }],
  [/\/notification-log$/, { entries: [], ...page }],
  [/\/audit-log$/, { entries: [], ...page }],
  [
    /\/admin\/status$/,
    {
      ...paused,
      daemon: { version: '1.0.0', nodeVersion: '24.0.0', uptime: 1 },
      database: { path: '/data', sizeBytes: 1 },
      memory: { rssBytes: 1 },
    },
  ],
  [/\/dashboard$/, { balances: [], agentStatuses: [], systemState: 'NORMAL', todayTxVolumes: [], todayTxCount: 0 }],
  [
    /\/settings$/,
    {
      server: { hostname: '127.0.0.1', port: 3100, logLevel: 'info' },
      security: { rateLimits: { global: 1, session: 1, transaction: 1 } },
      notifications: { enabled: true, minChannels: 2 },
      autoStop: { enabled: true, rulesCount: 0 },
      changed: [],
    },
  ],
];

/**
 * A daemon that counts what it is asked, and tells what changes over its stream.
 * @param pages how long the list of what waits is, in pages; 0: nothing waits
 */
function createDaemon(pages: number) {
  const asked: string[] = [];
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined;
  let refused: object | null = null;
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    if (pathname.endsWith('/changes')) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          stream = controller;
          init?.signal?.addEventListener('abort', () => controller.error(new Error('aborted')));
        },
      });
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    }
    asked.push(pathname);
    if (refused !== null) return Response.json(refused, { status: 429 });
    if (pages > 0 && pathname.endsWith('/pending-approvals')) {
      const at = Number(searchParams.get('cursor') ?? '1');
      const transactions = Array.from({ length: 100 }, (_, n) => ({ ...waiting, txId: `${at} ${n}` }));
      return Response.json({ transactions, nextCursor: at < pages ? String(at + 1) : null });
    }
    const answer = ANSWERS.find(([path]) => path.test(pathname));
    if (answer === undefined) throw new Error(`Nothing is answered to ${pathname}`);
    return Response.json(answer[1]);
  };
  const send = (text: string): void => stream?.enqueue(new TextEncoder().encode(text));
  return {
    asked,
    fetch,
    isHeard: () => stream !== undefined,
    /** From now on it answers nothing else. */
    refuse: (answer: object): void => {
      refused = answer;
    },
    tell: (changes: readonly object[], complete = true): void =>
      send(`event: changes\ndata: ${JSON.stringify({ changes, complete })}\n\n`),
    beat: (): void => send(': here\n\n'),
  };
}

const SCREENS: readonly (readonly [name: string, screen: () => ReactNode])[] = [
  ['dashboard', () => createElement(DashboardScreen)],
  ['approvals', () => createElement(ApprovalsScreen)],
  ['transactions', () => createElement(TransactionsScreen)],
  ['transaction', () => createElement(TransactionScreen, { id: id(50) })],
  ['agents', () => createElement(AgentsScreen)],
  ['agent', () => createElement(AgentScreen, { id: id(0) })],
  ['sessions', () => createElement(SessionsScreen)],
  ['policies', () => createElement(PoliciesScreen)],
  ['notifications', () => createElement(NotificationsScreen)],
  ['auto-stop', () => createElement(AutoStopScreen)],
  ['audit', () => createElement(AuditScreen)],
  ['owner', () => createElement(OwnerScreen)],
  ['settings', () => createElement(SettingsScreen)],
  ['kill-switch', () => createElement(KillSwitchScreen)],
  ['setup', () => createElement(SetupScreen)],
];

/** Opens a screen: what it asks for is asked, until it asks for nothing more. */
async function open(screen: () => ReactNode, pages = 0) {
  const daemon = createDaemon(pages);
  const operator = createOperator('http://127.0.0.1:3100', daemon.fetch);
  await operator.signIn('the master password');
  const client = createQueryClient();
  const nothing = () => undefined;
  const session = {
    presence: { state: 'signedIn', operator },
    hearing: 'live',
    fetch: daemon.fetch,
    signIn: async () => undefined,
    signOut: nothing,
    lock: nothing,
  } as const;
  const draw = (): string =>
    renderToString(
      createElement(
        SessionContext,
        { value: session },
        createElement(
          QueryClientProvider,
          { client },
          createElement(
            Speaking,
            null,
            createElement(Router, {
              ssrPath: '/',
              children: createElement(SigningDesk, null, createElement(Layout, null, screen())),
            }),
          ),
        ),
      ),
    );
  const shown = new Set<string>();
  const closers: (() => void)[] = [];
  for (let isNew = true; isNew; ) {
    draw();
    const found = client
      .getQueryCache()
      .getAll()
      .filter(({ queryHash }) => !shown.has(queryHash));
    isNew = found.length > 0;
    for (const query of found) {
      shown.add(query.queryHash);
      closers.push(
        new QueryObserver(client, {
          ...client.getDefaultOptions().queries,
          ...query.options,
          queryKey: query.queryKey,
        }).subscribe(nothing),
      );
    }
    await vi.advanceTimersByTimeAsync(100);
  }
  const failed = client
    .getQueryCache()
    .getAll()
    .filter(({ state }) => state.error !== null);
  expect(failed.map(({ queryKey, state }) => [queryKey, state.error])).toEqual([]);
  const close = (): void => {
    for (const end of closers) end();
  };
  return { daemon, operator, client, close };
}

/** What a busy daemon tells in a while: agents that pay all the time, now and then one that waits, and somebody at work. */
function changesAt(ms: number): readonly object[] {
  const transactionId = id(60 + (ms % 7));
  const change = (topic: string, event: string, more: object = {}): object => ({ topic, event, at: NOW, ...more });
  return [
    change('transactions', 'TX_REQUESTED', { transactionId }),
    change('transactions', 'TX_CONFIRMED', { transactionId }),
    ...(ms % 30_000 === 0 ? [change('transactions', 'TX_QUEUED', { transactionId: id(99) })] : []),
    ...(ms % 10_000 === 0 ? [change('sessions', 'SESSION_RENEWED'), change('notifications', 'NOTIFIED')] : []),
    ...(ms % 60_000 === 0 ? [change('daemon', 'HEALTH'), change('agents', 'AGENT_RESUMED')] : []),
  ];
}

const document = Object.assign(new EventTarget(), { hidden: false });

beforeEach(() => {
  // What streams and answers are read with goes on by itself.
  vi.useFakeTimers({
    now: Date.parse(NOW),
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
  });
  document.hidden = false;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Ten minutes of a busy daemon. @returns requests in each of them */
async function tenMinutes(
  { daemon, operator, client }: Awaited<ReturnType<typeof open>>,
  more: (ms: number) => readonly object[] = () => [],
  { stepMs = STEP_MS, complete = true } = {},
): Promise<readonly number[]> {
  vi.stubGlobal('document', document);
  const stop = new AbortController();
  const watching = watchDaemon({
    operator,
    queries: client,
    signal: stop.signal,
    onHearing: () => undefined,
    onEnded: () => undefined,
  });
  await vi.advanceTimersByTimeAsync(10);
  expect(daemon.isHeard()).toBe(true);
  // A page asks once the daemon is heard: here it has asked before, and does so again now.
  daemon.tell([]);
  await vi.advanceTimersByTimeAsync(10);
  const minutes: number[] = [];
  for (let minute = 0; minute < TEN_MINUTES / MINUTE; minute += 1) {
    const before = daemon.asked.length;
    for (let ms = 0; ms < MINUTE; ms += stepMs) {
      daemon.tell([...changesAt(ms), ...more(ms)], complete);
      await vi.advanceTimersByTimeAsync(stepMs);
    }
    minutes.push(daemon.asked.length - before);
  }
  stop.abort();
  await vi.advanceTimersByTimeAsync(1);
  await watching;
  return minutes;
}

describe('ten minutes before a daemon that never rests', () => {
  test.each(SCREENS)('%s stays within its requests', async (name, screen) => {
    const opened = await open(screen);
    expect(opened.daemon.asked.length).toBeLessThan(MOST_IN_A_MINUTE);
    const minutes = await tenMinutes(opened);
    opened.close();
    const [first = 0, ...rest] = minutes;
    const sum = minutes.reduce((all, one) => all + one, 0);
    expect(first, `${name}: ${minutes.join(' ')}`).toBeLessThan(MOST_AT_FIRST);
    expect(Math.max(...rest), `${name}: ${minutes.join(' ')}`).toBeLessThan(MOST_IN_A_MINUTE);
    expect(sum).toBeLessThan(10 * MOST_IN_A_MINUTE);
    // It is looked at all the same.
    expect(sum).toBeGreaterThan(0);
  });

  test.each([1, 4])('asks only what it must where %i hundred wait and others begin to all the time', async (pages) => {
    for (const screen of [DashboardScreen, ApprovalsScreen]) {
      const opened = await open(() => createElement(screen), pages);
      const queued = (ms: number): readonly object[] => [
        { topic: 'transactions', event: 'TX_QUEUED', at: NOW, transactionId: id(10 + ((ms / STEP_MS) % 30)) },
      ];
      const [first = 0, ...rest] = await tenMinutes(opened, queued);
      opened.close();
      expect(first, `${pages}: ${first} ${rest.join(' ')}`).toBeLessThan(MOST_AT_FIRST + WAITING_MORE);
      expect(Math.max(...rest), `${pages}: ${rest.join(' ')}`).toBeLessThan(MOST_IN_A_MINUTE + WAITING_MORE);
    }
  });

  test.each([
    ['dashboard', 0, () => createElement(DashboardScreen)],
    ['approvals', 4, () => createElement(ApprovalsScreen)],
    ['agent', 0, () => createElement(AgentScreen, { id: id(0) })],
  ])(
    '%s stays within its requests where more changes than a batch holds, ten times a second',
    async (_, pages, screen) => {
      const opened = await open(screen, pages);
      const [first = 0, ...rest] = await tenMinutes(opened, undefined, { stepMs: 100, complete: false });
      opened.close();
      expect(first, `${first} ${rest.join(' ')}`).toBeLessThan(MOST_AT_FIRST + WAITING_MORE);
      expect(Math.max(...rest), `${first} ${rest.join(' ')}`).toBeLessThan(MOST_IN_A_MINUTE + WAITING_MORE);
      expect(Math.min(...rest)).toBeGreaterThan(0);
    },
  );

  test.each(['dashboard', 'approvals', 'agent'])(
    '%s asks a daemon that wants to be left alone hardly more often than one that answers',
    async (name) => {
      const screen = SCREENS.find(([one]) => one === name)?.[1] ?? (() => null);
      const opened = await open(screen);
      opened.daemon.refuse({
        code: 'RATE_LIMIT_EXCEEDED',
        message: 'too many',
        retryable: true,
        details: { retryAfter: 30 },
      });
      const [first = 0, ...rest] = await tenMinutes(opened);
      opened.close();
      expect(first, `${first} ${rest.join(' ')}`).toBeLessThan(MOST_AT_FIRST);
      expect(Math.max(...rest), `${first} ${rest.join(' ')}`).toBeLessThan(MOST_IN_A_MINUTE + ASKED_AGAIN);
    },
  );

  test('a page that nobody sees asks nothing', async () => {
    const opened = await open(() => createElement(DashboardScreen));
    document.hidden = true;
    expect(await tenMinutes(opened)).toEqual(Array.from({ length: 10 }, () => 0));
    opened.close();
  });
});
