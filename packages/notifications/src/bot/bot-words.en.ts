import { foreign, say } from '../text/text.ts';
import type { BotWords } from './bot-words.ts';

/** `2027-01-15 08:00 UTC`. */
const timeOf = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

function duration(seconds: number): string {
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
}

/** The bot in English. */
export const botEn: BotWords = {
  commands: {
    start: 'What this bot is',
    auth: 'Pair this chat with your daemon',
    status: 'State, sessions, agents, what waits',
    sessions: 'Open sessions, with a button to end each',
    revoke: 'End a session: /revoke <id>',
    killswitch: 'Stop everything',
    pending: 'Payments that wait',
    help: 'Commands, and what each may do',
  },
  labels: { approve: 'Approve', reject: 'Reject', revoke: 'Revoke', confirm: 'Stop everything', cancel: 'Cancel' },
  introduction: say`This is the bot of a WAIaaS wallet daemon. It tells its owner what agents do, and stops them. To pair this chat: /auth. Commands: /help`,
  help: say`/status – state, sessions, agents, what waits
/pending – payments that wait, with buttons
/sessions – open sessions, with buttons
/revoke <id> – ends a session
/killswitch – stops everything, after you confirm
/auth – pairs a chat

From this chat you can look, reject payments, end sessions and stop everything. To approve a payment, to recover and to change anything, your wallet or the master password is needed, at the daemon.`,
  unknownCommand: say`I do not know this command. /help lists the ones there are.`,
  notAuthorised: 'This chat is not paired with the daemon. /auth shows how.',
  alreadyPaired: say`This chat is paired already.`,
  code: (code) => say`Your code: ${code}
Enter it at the daemon within 5 minutes: waiaas telegram verify ${code}`,
  tooManyCodes: say`Too many codes are out. Try again in a few minutes.`,
  paired: say`Connected. This chat now tells you what happens, and you can stop agents from here. /help`,
  locked: (state) =>
    say`The kill switch is ${state}: nothing is paid, and nothing can be done from here. Recovery is only possible at the daemon: waiaas recover`,
  status: (
    { killSwitch, agents, sessions, waiting, balances, unread, uptime },
    now,
  ) => say`${killSwitch === 'NORMAL' ? '🟢' : '🔴'} ${killSwitch}
${balances.length === 0 ? '' : `Balance: ${balances.join(', ')}\n`}${unread === 0 ? '' : `Balance not known at the moment: ${unread} of the wallets\n`}Sessions: ${sessions}
Agents: ${agents.active} of ${agents.total} active
Waiting for your approval: ${waiting}
Running for ${duration(uptime)}
${timeOf(now)}`,
  noSessions: say`No session is open.`,
  session: ({ id, agentName, expiresAt }) => say`Agent ${foreign(agentName)}
Ends ${timeOf(expiresAt)}
Session ${id}`,
  sessionRevoked: say`The session has been ended.`,
  sessionOver: say`This session is over already.`,
  nothingWaits: say`No payment waits.`,
  payment: ({ agentName, inWords, tier, memo, txId }, secondsLeft) => say`Agent ${foreign(agentName)}
${inWords === null ? 'This payment is not the one that was asked for; it will not be carried out.' : foreign(inWords)}
${tier}, ${tier === 'DELAY' ? 'runs by itself in' : 'expires in'} ${duration(secondsLeft)}${
    memo === undefined
      ? ''
      : say`
Memo: ${foreign(memo)}`
  }
Transaction ${txId}`,
  more: say`There are more; see: waiaas owner pending`,
  rejected: say`Rejected. Nothing is paid.`,
  preApproved: (txId, minutesLeft) =>
    say`Noted. Nothing is paid yet: confirm it with your wallet within ${minutesLeft} min: waiaas owner approve ${txId}`,
  alreadyProcessed: (status) => say`This payment does not wait any more (${status}).`,
  notFound: say`There is no such thing any more.`,
  killSwitchQuestion: say`🔴 Stop everything? All sessions end, waiting payments are cancelled, all agents are suspended and the keys are locked. To recover you need the master password and your wallet, at the daemon.`,
  killSwitchAlready: (state) =>
    say`The kill switch is ${state} already. Recovery is only possible at the daemon: waiaas recover`,
  killSwitchEngaged: ({ sessionsRevoked, transactionsCancelled, agentsSuspended }) =>
    say`🔴 Everything is stopped. Sessions ended: ${sessionsRevoked}. Payments cancelled: ${transactionsCancelled}. Agents suspended: ${agentsSuspended}. Recovery: waiaas recover`,
  killSwitchCancelled: say`Nothing was stopped.`,
  killSwitchTooLate: say`This question is too old. Nothing was stopped; ask again with /killswitch.`,
  failed: (code) => say`That did not work (${code}). Nothing was changed.`,
};
