import { randomBytes } from 'node:crypto';
import { type Clock, formatUnits, type Logger, sessionId, transactionId, unixSeconds } from '@waiaas/core';
import type { SessionManagement } from '@waiaas/management';
import {
  type BotServices,
  type BotStatus,
  createTelegramBot,
  type Notifications,
  type TelegramBot,
} from '@waiaas/notifications';
import type { Pipeline } from '@waiaas/pipeline';
import type { KillSwitch } from '@waiaas/safety';
import { countAgents, countAllLiveSessions, countWaitingApprovals, listAgents, type Storage } from '@waiaas/storage';
import type { Config } from '../config/index.ts';
import type { AdapterRegistry } from './adapter-registry.ts';
import { realTimers } from './timers.ts';

/** What the bot is put together from. */
export interface BotParts {
  readonly config: Config;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: SessionManagement;
  readonly adapters: Pick<AdapterRegistry, 'find'>;
  readonly pipeline: Pipeline;
  readonly killSwitch: KillSwitch;
  readonly notifications: Notifications;
  /** Epoch ms. */
  readonly startedAt: number;
}

/** Wallets that are asked for their balance, and how long that may take. */
const WALLETS_ASKED = 50;
const BALANCE_WAIT_MS = 5000;

/** What the wallets hold together: each chain is asked at once, and one that does not answer holds up nothing. */
async function readBalances({ storage, adapters }: BotParts): Promise<Pick<BotStatus, 'balances' | 'unread'>> {
  const wallets = (await listAgents(storage.read)).filter(
    ({ status }) => status !== 'CREATING' && status !== 'TERMINATED',
  );
  const over = new AbortController();
  const late = realTimers.sleep(BALANCE_WAIT_MS, over.signal).then(() => null);
  const read = async ({ chain, network, public_key }: (typeof wallets)[number]) => {
    const adapter = adapters.find(chain, network);
    if (adapter?.isConnected() !== true) return null;
    // One that cannot be read is told as that.
    const found = await Promise.race([adapter.getBalance(public_key).catch(() => null), late]);
    return found === null ? null : { of: `${chain} ${network}`, ...found };
  };
  const found = (await Promise.all(wallets.slice(0, WALLETS_ASKED).map(read))).filter((balance) => balance !== null);
  over.abort();
  const sums = Object.entries(Object.groupBy(found, ({ of }) => of)).map(([of, each = []]) => {
    const sum = each.reduce((total, { balance }) => total + balance, 0n);
    const [first] = each;
    return first === undefined ? '' : `${formatUnits(sum, first.decimals, first.symbol)} (${of})`;
  });
  return { balances: sums.sort(), unread: wallets.length - found.length };
}

/** What the owner can do in a chat, by the services that everybody else uses. */
function servicesOf(parts: BotParts): BotServices {
  const { storage, clock, sessions, pipeline, killSwitch, startedAt } = parts;
  return {
    killSwitch: () => killSwitch.status(),
    async status() {
      const counts = await countAgents(storage.read);
      return {
        killSwitch: killSwitch.status(),
        agents: {
          active: counts.find(({ status }) => status === 'ACTIVE')?.n ?? 0,
          total: counts.reduce((sum, { n }) => sum + n, 0),
        },
        sessions: await countAllLiveSessions(storage.read, unixSeconds(clock)),
        waiting: await countWaitingApprovals(storage.read),
        ...(await readBalances(parts)),
        uptime: Math.max(0, Math.floor((clock.now() - startedAt) / 1000)),
      };
    },
    async sessions(limit) {
      const page = await sessions.list({ status: 'active', order: 'desc', limit });
      return { sessions: page.sessions, more: page.nextCursor !== null };
    },
    async revokeSession(id, origin) {
      await sessions.revoke(sessionId(id), origin);
    },
    async waiting(limit) {
      const page = await pipeline.waiting({ order: 'asc', limit });
      return { payments: page.transactions, more: page.nextCursor !== null };
    },
    async reject(id, origin) {
      await pipeline.reject(transactionId(id), { reason: 'Rejected via Telegram' }, origin);
    },
    preApprove: (id, origin) => pipeline.preApprove(transactionId(id), origin),
    activateKillSwitch: (reason, origin) => killSwitch.activate(reason, origin),
  };
}

/** The bot, where it is switched on; null otherwise. */
export async function createBot(parts: BotParts): Promise<TelegramBot | null> {
  const { config, storage, clock, logger, notifications } = parts;
  const { enabled, bot_token, owner_chat_id, api_url } = config.telegram_bot;
  if (!enabled) return null;
  if (bot_token === '') {
    logger.error({}, 'The Telegram bot does not run: telegram_bot.bot_token is empty');
    return null;
  }
  const bot = await createTelegramBot({
    botToken: bot_token,
    apiUrl: api_url.replace(/\/+$/, ''),
    ownerChatId: owner_chat_id === '' ? null : owner_chat_id,
    http: notifications.http,
    book: notifications.book,
    channels: notifications.channels,
    services: servicesOf(parts),
    storage,
    clock,
    timers: realTimers,
    logger,
    randomBytes,
  });
  notifications.useKeyboard(bot.keyboard);
  return bot;
}
