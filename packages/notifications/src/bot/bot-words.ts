import type { KillSwitchStatus, NotificationLocale, PendingApproval } from '@waiaas/core';
import type { Text } from '../text/text.ts';
import type { BotSession, BotStatus } from './bot-services.ts';
import { botEn } from './bot-words.en.ts';
import { botKo } from './bot-words.ko.ts';

/** Commands, as @BotFather lists them (05 §5.4). */
export const BOT_COMMANDS = ['start', 'auth', 'status', 'sessions', 'revoke', 'killswitch', 'pending', 'help'] as const;
export type BotCommand = (typeof BOT_COMMANDS)[number];

/** What was counted when the kill switch was engaged. */
export interface StoppedCounts {
  readonly sessionsRevoked: number;
  readonly transactionsCancelled: number;
  readonly agentsSuspended: number;
}

/** Everything the bot says, in one language. */
export interface BotWords {
  /** One line for each command, for the menu of the chat. */
  readonly commands: Readonly<Record<BotCommand, string>>;
  readonly labels: Readonly<Record<'approve' | 'reject' | 'revoke' | 'confirm' | 'cancel', string>>;
  readonly introduction: Text;
  readonly help: Text;
  readonly unknownCommand: Text;
  /** The one sentence for everybody who is not the owner. */
  readonly notAuthorised: string;
  readonly alreadyPaired: Text;
  code(code: string): Text;
  readonly tooManyCodes: Text;
  /** Said in the chat once the code was entered at the daemon. */
  readonly paired: Text;
  /** Why nothing but looking is possible. */
  locked(state: KillSwitchStatus): Text;
  status(status: BotStatus, now: string): Text;
  readonly noSessions: Text;
  session(session: BotSession): Text;
  readonly sessionRevoked: Text;
  readonly sessionOver: Text;
  readonly nothingWaits: Text;
  payment(payment: PendingApproval, secondsLeft: number): Text;
  readonly more: Text;
  readonly rejected: Text;
  preApproved(txId: string, minutesLeft: number): Text;
  alreadyProcessed(status: string): Text;
  readonly notFound: Text;
  readonly killSwitchQuestion: Text;
  killSwitchAlready(state: KillSwitchStatus): Text;
  killSwitchEngaged(counts: StoppedCounts): Text;
  readonly killSwitchCancelled: Text;
  readonly killSwitchTooLate: Text;
  /** `code` is one of the catalogue. */
  failed(code: string): Text;
}

const WORDS: Readonly<Record<NotificationLocale, BotWords>> = { en: botEn, ko: botKo };

/** What the bot says, in a language. */
export const botWords = (locale: NotificationLocale): BotWords => WORDS[locale];
