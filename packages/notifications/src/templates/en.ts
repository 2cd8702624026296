import { foreign, say } from '../text/text.ts';
import { saysOff, written } from './settings-changed.ts';
import type { Labels, Templates } from './templates.ts';

export const enLabels: Labels = {
  transaction: 'Transaction',
  agent: 'Agent',
  session: 'Session',
  amount: 'Amount',
  asset: 'Asset',
  to: 'To',
  network: 'Network',
  memo: 'Memo',
  hash: 'Hash',
  until: 'Approve until',
  executesAt: 'Executes at',
};

const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

const SUSPENDED_FOR = {
  kill_switch: 'the kill switch',
  policy_violation: 'a policy violation',
  manual: 'a manual stop',
  auto_stop: 'an auto-stop rule',
} as const;

/** Messages in English. */
export const en: Templates = {
  TX_NOTIFY: ({ payment }, words) => ({
    title: `Transaction executed: ${words.amount(payment)}`,
    body: say`Agent ${words.agent(payment.agentId)} has sent ${words.amount(payment)} to ${words.short(payment.to)}.`,
  }),
  TX_DELAY_QUEUED: ({ payment, executesAt }, words) => ({
    title: `Transaction queued: ${words.amount(payment)}`,
    body: say`Agent ${words.agent(payment.agentId)} wants to send ${words.amount(payment)} to ${payment.to}. It is executed automatically in ${words.secondsUntil(executesAt)} seconds, at ${words.time(executesAt)}. To stop it: waiaas owner reject ${payment.txId}`,
  }),
  TX_DELAY_EXECUTED: ({ payment }, words) => ({
    title: `Delayed transaction executed: ${words.amount(payment)}`,
    body: say`The waiting time of a payment by agent ${words.agent(payment.agentId)} is over: ${words.amount(payment)} went to ${words.short(payment.to)}.`,
  }),
  TX_APPROVAL_REQUEST: ({ payment, expiresAt }, words) => ({
    title: `Approval request: ${words.amount(payment)} transfer`,
    body: say`Agent ${words.agent(payment.agentId)} asks to send ${words.amount(payment)} to ${payment.to} on ${payment.chain} ${payment.network}. Nothing is paid unless you sign for it with your wallet within ${words.minutesUntil(expiresAt)} minutes, until ${words.time(expiresAt)}. To sign: waiaas owner approve ${payment.txId}. To refuse: waiaas owner reject ${payment.txId}`,
  }),
  TX_APPROVAL_EXPIRED: ({ payment, reason }, words) => ({
    title: 'Approval expired',
    body: {
      timeout: say`Nobody approved the payment of ${words.amount(payment)} by agent ${words.agent(payment.agentId)} in time. Nothing was paid. Transaction: ${payment.txId}`,
      owner_changed: say`The owner has changed, so the request to approve ${words.amount(payment)} for agent ${words.agent(payment.agentId)} has ended. Nothing was paid. Transaction: ${payment.txId}`,
      owner_disconnected: say`The owner was disconnected, so the request to approve ${words.amount(payment)} for agent ${words.agent(payment.agentId)} has ended. Nothing was paid. Transaction: ${payment.txId}`,
    }[reason],
  }),
  TX_CONFIRMED: ({ payment, txHash }, words) => ({
    title: `Transaction confirmed: ${words.amount(payment)}`,
    body: say`${words.amount(payment)} by agent ${words.agent(payment.agentId)} has reached ${words.short(payment.to)}. Hash: ${txHash}`,
  }),
  TX_FAILED: ({ payment, code }, words) => ({
    title: `Transaction failed: ${words.amount(payment)}`,
    body: say`A payment of ${words.amount(payment)} by agent ${words.agent(payment.agentId)} to ${words.short(payment.to)} failed. Error: ${code}`,
  }),
  TX_CANCELLED: ({ payment, by, code, reason }, words) => ({
    title: `Transaction cancelled: ${words.amount(payment)}`,
    body: say`A waiting payment of ${words.amount(payment)} by agent ${words.agent(payment.agentId)} to ${words.short(payment.to)} was cancelled by ${words.actor(by)} (${code}). Nothing was paid.${reason === null ? '' : say` Reason: ${foreign(reason)}`}`,
  }),
  TX_LATE_LANDING: ({ payment, txHash }, words) => ({
    title: `Late transaction: ${words.amount(payment)}`,
    body: say`A payment of ${words.amount(payment)} by agent ${words.agent(payment.agentId)} to ${words.short(payment.to)} that had been given up was executed by the chain after all. It counts towards the limits. Hash: ${txHash}`,
  }),

  SESSION_CREATED: ({ agentId, expiresAt, by }, words) => ({
    title: 'Session created',
    body: say`${words.actor(by)} opened a session for agent ${words.agent(agentId)}. It ends at ${words.time(expiresAt)}.`,
  }),
  SESSION_RENEWED: ({ agentId, expiresAt, renewalsLeft }, words) => ({
    title: 'Session renewed',
    body: say`Agent ${words.agent(agentId)} renewed its session until ${words.time(expiresAt)}. It can do so ${count(renewalsLeft, 'more time', 'more times')}.`,
  }),
  SESSION_REVOKED: ({ agentId, by, transactionsCancelled }, words) => ({
    title: 'Session revoked',
    body: say`${words.actor(by)} ended a session of agent ${words.agent(agentId)}. ${count(transactionsCancelled, 'waiting transaction was', 'waiting transactions were')} cancelled.`,
  }),
  SESSION_EXPIRING: ({ agentId, expiresAt }, words) => ({
    title: 'Session ends soon',
    body: say`A session of agent ${words.agent(agentId)} ends at ${words.time(expiresAt)}. If the agent is to go on, give it a new one.`,
  }),

  AGENT_CREATED: ({ agentId, chain, network, publicKey, by }, words) => ({
    title: 'Agent created',
    body: say`${words.actor(by)} created agent ${words.agent(agentId)} on ${chain} ${network}. Its address: ${publicKey}`,
  }),
  AGENT_SUSPENDED: ({ agentId, reason, by }, words) => ({
    title: 'Agent suspended',
    body: say`Agent ${words.agent(agentId)} was suspended by ${words.actor(by)} because of ${SUSPENDED_FOR[reason]}. It cannot pay until it is resumed.`,
  }),
  AGENT_RESUMED: ({ agentId, by }, words) => ({
    title: 'Agent resumed',
    body: say`${words.actor(by)} let agent ${words.agent(agentId)} go on. It can pay again.`,
  }),

  AGENT_TERMINATING: ({ agentId, by }, words) => ({
    title: 'Agent is being terminated',
    body: say`${words.actor(by)} ends agent ${words.agent(agentId)} for good. It pays nothing any more; what it holds goes to the owner.`,
  }),
  AGENT_TERMINATED: ({ agentId }, words) => ({
    title: 'Agent terminated',
    body: say`Agent ${words.agent(agentId)} has ended. Its key is put away; what is paid to its address from now on can still be recalled.`,
  }),
  AGENT_TERMINATION_STUCK: ({ agentId, problem }, words) => ({
    title: 'Agent cannot be terminated',
    body: say`Agent ${words.agent(agentId)} cannot come to its end by itself: ${problem}. See "waiaas agent recalls" for what is left; the owner can give it up with "waiaas agent terminate --waive".`,
  }),
  LATE_DEPOSIT: ({ agentId, address }, words) => ({
    title: 'Deposit to a terminated agent',
    body: say`Somebody has paid to ${address}, the address of agent ${words.agent(agentId)}, which has ended. To take it back: waiaas agent recall`,
  }),
  RECALL_REQUESTED: ({ agentId, destination, by }, words) => ({
    title: 'Funds are being recalled',
    body: say`${words.actor(by)} has everything that agent ${words.agent(agentId)} holds sent to ${destination}. The agent is suspended. If that was not you, activate the kill switch.`,
  }),
  RECALL_ENDED: ({ agentId, destination, status, moved, left }, words) => ({
    title: { COMPLETED: 'Recall completed', PARTIAL: 'Recall ended in part', FAILED: 'Recall failed' }[status],
    body: say`The recall of what agent ${words.agent(agentId)} held, to ${destination}, has ended. ${count(moved, 'transfer')} arrived, ${count(left, 'thing was', 'things were')} left.`,
  }),
  RECOVERY_ADDRESS_SET: ({ agentId, address, activeFrom, by }, words) => ({
    title: 'Recovery address registered',
    body: say`${words.actor(by)} registered ${address} as an address that everything of agent ${words.agent(agentId)} may be sent to, from ${words.time(activeFrom)} on. If that was not you, activate the kill switch.`,
  }),

  POLICY_CHANGED: ({ change, policyType, policyId, agentId, by }, words) => ({
    title: `Policy ${change}: ${policyType}`,
    body: say`${words.actor(by)} ${change} a policy for ${agentId === null ? 'all agents' : say`agent ${words.agent(agentId)}`}. If that was not you, activate the kill switch. Policy: ${policyId}`,
  }),
  OWNER_CHANGED: ({ change, chain, address, by }, words) => ({
    title: { connected: 'Owner connected', changed: 'Owner changed', disconnected: 'Owner disconnected' }[change],
    body: {
      connected: say`The wallet ${address} (${chain}) is the owner now; its signature approves payments. Done by ${words.actor(by)}. If that was not you, activate the kill switch.`,
      changed: say`The wallet ${address} (${chain}) is the owner now, in place of another one. Done by ${words.actor(by)}. If that was not you, activate the kill switch.`,
      disconnected: say`The wallet ${address} (${chain}) is no longer the owner; nobody can approve payments. Done by ${words.actor(by)}. If that was not you, activate the kill switch.`,
    }[change],
  }),

  CHANNEL_CHANGED: ({ change, channelType, channelName, by }, words) => ({
    title: `Notification channel ${change}: ${channelType}`,
    body: say`${words.actor(by)} ${change} the channel ${foreign(channelName)}. You are told things over the channels that "waiaas notifications list" shows. If that was not you, activate the kill switch.`,
  }),
  SETTINGS_CHANGED: ({ changes, by }, words) => ({
    title: saysOff(changes) ? 'Notifications are switched off' : 'Settings changed',
    body: say`${words.actor(by)} has set ${written(changes)}. ${
      saysOff(changes) ? 'From now on you are told of nothing but changes of settings. ' : ''
    }If that was not you, activate the kill switch.`,
  }),
  AUTO_STOP_RULE_CHANGED: ({ change, ruleType, ruleId, agentId, action, enabled, by }, words) => ({
    title: `Auto-stop rule ${change}: ${ruleType}`,
    body: say`${words.actor(by)} ${change} an auto-stop rule for ${agentId === null ? 'all agents' : say`agent ${words.agent(agentId)}`} (${action}, ${enabled ? 'on' : 'off'}). If that was not you, activate the kill switch. Rule: ${ruleId}`,
  }),
  TELEGRAM_PAIRING_CHANGED: ({ change, channelName, by }, words) => ({
    title: { paired: 'Telegram chat paired', unpaired: 'Telegram chat no longer paired' }[change],
    body: {
      paired: say`From the chat of the channel ${foreign(channelName)} payments can be rejected, sessions ended and everything stopped. Done by ${words.actor(by)}. If that was not you: waiaas telegram unpair`,
      unpaired: say`Nothing can be done any more from the chat of the channel ${foreign(channelName)}. Done by ${words.actor(by)}.`,
    }[change],
  }),
  KILL_SWITCH_ACTIVATED: (event, words) => ({
    title: 'Kill Switch activated',
    body: say`Everything has been stopped by ${words.actor(event.by)} at ${words.time(event.activatedAt)}. Reason: ${foreign(event.reason)} All sessions are revoked (${event.sessionsRevoked}), waiting transactions cancelled (${event.transactionsCancelled}), agents suspended (${event.agentsSuspended}). Recovery needs Owner authentication and the master password.`,
  }),
  KILL_SWITCH_RECOVERED: ({ by, agentsReactivated, recoveredAt }, words) => ({
    title: 'Kill Switch recovered',
    body: say`${words.actor(by)} put the system back into operation at ${words.time(recoveredAt)}. ${count(agentsReactivated, 'agent')} can pay again; sessions have to be created anew.`,
  }),
  AUTO_STOP_TRIGGERED: ({ agentId, ruleType, action, reason }, words) => ({
    title:
      action === 'WARN'
        ? `Auto-Stop Warning: ${ruleType}`
        : action === 'SUSPEND_AGENT'
          ? `Agent Suspended: ${agentId.slice(0, 8)}…`
          : `Auto-Stop: kill switch (${ruleType})`,
    body: say`Agent ${words.agent(agentId)}: ${foreign(reason)} ${
      {
        WARN: 'Nothing was stopped.',
        SUSPEND_AGENT: 'The agent is suspended; resume it after you have looked into it.',
        KILL_SWITCH: 'The kill switch is activated.',
      }[action]
    }`,
  }),

  SEAL_BROKEN: ({ what, id, agentId }, words) => ({
    title: `Database tampered with: ${what}`,
    body: say`A ${what} record is not the one that the daemon wrote${id === null ? '' : ` (${id})`}${agentId === null ? '' : say`, of agent ${words.agent(agentId)}`}. It is not used and permits nothing. Somebody has edited the database: look into it, and restore a backup.`,
  }),
  AUDIT_CHAIN_BROKEN: ({ sealedTo }) => ({
    title: 'Audit log tampered with',
    body: say`The audit log is not the one that was written: somebody else has edited the database. ${sealedTo === null ? '' : `Sealed up to row ${sealedTo}. `}To find out what was changed: waiaas audit verify`,
  }),

  AUDIT_HEAD: ({ auditId, line }) => ({
    title: `Audit log sealed up to row ${auditId}`,
    body: say`Keep this where nobody can change it. A file of such lines shows whether the log was changed later: waiaas audit verify --anchors <file>. ${line}`,
  }),
  DAILY_SUMMARY: ({ day, confirmed, failed, paid, morePaid, waitingApprovals, suspendedAgents }, words) => ({
    title: `Summary of ${day}`,
    body: say`${count(confirmed, 'payment')} confirmed, ${failed} failed. ${
      paid.length === 0
        ? 'Nothing was paid.'
        : `Paid: ${words.amounts(paid)}${morePaid === 0 ? '' : `, and ${count(morePaid, 'other asset')}`}.`
    } Waiting for your approval: ${waitingApprovals}. Suspended agents: ${suspendedAgents}.`,
  }),
  NETWORK_PAUSED: ({ chain, network, until }, words) => ({
    title: `Network unreachable: ${chain} ${network}`,
    body: say`Payments on ${chain} ${network} have failed again and again for reasons of the network. New ones are refused, and delayed ones wait, until it is tried again at ${words.time(until)}. What was sent is followed on. No agent is suspended for this.`,
  }),

  DAEMON_STARTED: ({ version, cancelled, failed, expired, followed }) => ({
    title: 'Daemon started',
    body: say`WAIaaS ${version} is running.${
      cancelled + failed + expired + followed === 0
        ? ''
        : ` Left over from the last run: ${cancelled} cancelled, ${failed} failed, ${expired} expired, ${followed} still followed.`
    }`,
  }),
  DAEMON_STOPPED: ({ reason }) => ({
    title: 'Daemon stopped',
    body: say`WAIaaS has been stopped: ${foreign(reason)}. Agents cannot pay until it is started again.`,
  }),
  DAEMON_CRASHED: ({ kind }) => ({
    title: 'Daemon ended unexpectedly',
    body: say`WAIaaS ended because of a fault (${kind}). Agents cannot pay until it runs again. See its log.`,
  }),

  CHANNEL_UNHEALTHY: ({ channelName, failures }) => ({
    title: 'Notification channel unreachable',
    body: say`The channel ${foreign(channelName)} has failed ${count(failures, 'time')} in a row. It does not count as a way to reach you until it works again.`,
  }),
  CHANNEL_TEST: ({ channelName, by }, words) => ({
    title: 'Test message',
    body: say`The channel ${foreign(channelName)} works. Sent on request of ${words.actor(by)}.`,
  }),
};
