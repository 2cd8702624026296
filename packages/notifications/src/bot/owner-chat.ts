import { type Clock, isoTime, isUuidV7, isWaiaasError, type Logger, unixSeconds, WaiaasError } from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import type { InlineKeyboard } from '../channels/telegram-channel.ts';
import type { Text } from '../text/text.ts';
import type { BotServices } from './bot-services.ts';
import type { BotCommand, BotWords } from './bot-words.ts';
import { type Button, buttonRow } from './button.ts';

/** Something the bot says, with what can be pressed below it. */
export interface Reply {
  readonly text: Text;
  readonly buttons?: InlineKeyboard;
}

/** What the owner can do in the paired chat (05 §5.4 to §5.8). */
export interface OwnerChat {
  /** @param argument what follows the command, trimmed */
  command(command: Exclude<BotCommand, 'start' | 'auth' | 'help'>, argument: string): Promise<readonly Reply[]>;
  /** What came of a button; its message says so from then on. */
  press(button: Button): Promise<Reply>;
}

/** Messages one command is answered with at most. */
const LIST_MAX = 10;
/** How long the question of the kill switch can be answered, seconds. */
const QUESTION_LIFE = 300;

/** Serves one message from the owner: `origin` names the chat, and is checked again by whatever changes something. */
export function createOwnerChat(dependencies: {
  readonly services: BotServices;
  readonly words: BotWords;
  readonly origin: RequestOrigin;
  readonly clock: Clock;
  readonly logger: Logger;
}): OwnerChat {
  const { services, words, origin, clock, logger } = dependencies;
  const { labels } = words;
  const secondsUntil = (iso: string): number => Math.max(0, Math.round(Date.parse(iso) / 1000) - unixSeconds(clock));

  /** What is said about something that could not be done. */
  function refusal(error: unknown): Text {
    if (!isWaiaasError(error)) {
      logger.error({ error: String(error) }, 'What was asked for in the chat failed');
      return words.failed('INTERNAL_ERROR');
    }
    const { status } = error.details ?? {};
    switch (error.code) {
      case 'TX_NOT_FOUND':
      case 'SESSION_NOT_FOUND':
        return words.notFound;
      case 'TX_ALREADY_PROCESSED':
        return words.alreadyProcessed(typeof status === 'string' ? status : 'CANCELLED');
      case 'TX_EXPIRED':
        return words.alreadyProcessed('EXPIRED');
      case 'SESSION_REVOKED':
        return words.sessionOver;
      case 'KILL_SWITCH_ACTIVE':
        return words.killSwitchAlready(services.killSwitch());
      default:
        return words.failed(error.code);
    }
  }

  async function attempt(work: () => Promise<Reply>): Promise<Reply> {
    try {
      return await work();
    } catch (error) {
      return { text: refusal(error) };
    }
  }

  async function listSessions(): Promise<readonly Reply[]> {
    const { sessions, more } = await services.sessions(LIST_MAX);
    if (sessions.length === 0) return [{ text: words.noSessions }];
    const replies = sessions.map((session) => ({
      text: words.session(session),
      buttons: buttonRow([labels.revoke, { kind: 'revoke', id: session.id }]),
    }));
    return more ? [...replies, { text: words.more }] : replies;
  }

  async function listWaiting(): Promise<readonly Reply[]> {
    const { payments, more } = await services.waiting(LIST_MAX);
    if (payments.length === 0) return [{ text: words.nothingWaits }];
    const replies = payments.map((payment): Reply => {
      const reject = [labels.reject, { kind: 'reject', id: payment.txId }] as const;
      // What is not the payment that was asked for can be refused and nothing else.
      const canApprove = payment.tier === 'APPROVAL' && payment.inWords !== null;
      const buttons = canApprove
        ? buttonRow([labels.approve, { kind: 'approve', id: payment.txId }], reject)
        : buttonRow(reject);
      return { text: words.payment(payment, secondsUntil(payment.expiresAt)), buttons };
    });
    return more ? [...replies, { text: words.more }] : replies;
  }

  const revoke = (id: string): Promise<Reply> =>
    attempt(async () => {
      if (!isUuidV7(id)) throw new WaiaasError('SESSION_NOT_FOUND');
      await services.revokeSession(id, origin);
      return { text: words.sessionRevoked };
    });

  function askKillSwitch(): Reply {
    const confirm: Button = { kind: 'killswitch_confirm', at: unixSeconds(clock) };
    return {
      text: words.killSwitchQuestion,
      buttons: buttonRow([labels.confirm, confirm], [labels.cancel, { kind: 'killswitch_cancel' }]),
    };
  }

  return {
    async command(command, argument) {
      const state = services.killSwitch();
      if (command === 'status') return [{ text: words.status(await services.status(), isoTime(clock.now())) }];
      if (state !== 'NORMAL') {
        return [{ text: command === 'killswitch' ? words.killSwitchAlready(state) : words.locked(state) }];
      }
      switch (command) {
        case 'sessions':
          return listSessions();
        case 'revoke':
          return argument === '' ? listSessions() : [await revoke(argument)];
        case 'pending':
          return listWaiting();
        case 'killswitch':
          return [askKillSwitch()];
      }
    },

    async press(button) {
      const state = services.killSwitch();
      if (state !== 'NORMAL') {
        const isAboutIt = button.kind === 'killswitch_confirm' || button.kind === 'killswitch_cancel';
        return { text: isAboutIt ? words.killSwitchAlready(state) : words.locked(state) };
      }
      switch (button.kind) {
        case 'approve':
          return attempt(async () => {
            const { expiresAt } = await services.preApprove(button.id, origin);
            return {
              text: words.preApproved(button.id, Math.max(1, Math.floor(secondsUntil(expiresAt) / 60))),
              // Who has second thoughts can still refuse it.
              buttons: buttonRow([labels.reject, { kind: 'reject', id: button.id }]),
            };
          });
        case 'reject':
          return attempt(async () => {
            await services.reject(button.id, origin);
            return { text: words.rejected };
          });
        case 'revoke':
          return revoke(button.id);
        case 'killswitch_cancel':
          return { text: words.killSwitchCancelled };
        case 'killswitch_confirm':
          // An answer that lay around must not stop what was recovered since the question.
          if (Math.abs(unixSeconds(clock) - button.at) > QUESTION_LIFE) return { text: words.killSwitchTooLate };
          return attempt(async () => ({
            text: words.killSwitchEngaged(await services.activateKillSwitch('Activated in Telegram', origin)),
          }));
      }
    },
  };
}
