import type { TelegramBot, TelegramBotDependencies } from './telegram-bot.ts';

/** Makes the bot. Its library is loaded with the first one: a daemon without a bot neither waits for it nor keeps it in memory. */
export async function createTelegramBot(dependencies: TelegramBotDependencies): Promise<TelegramBot> {
  const { makeTelegramBot } = await import('./telegram-bot.ts');
  return makeTelegramBot(dependencies);
}
