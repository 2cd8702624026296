import {
  NOTIFICATION_EVENTS,
  type NotificationEvent,
  type NotificationEventName,
  type NotificationEventOf,
  type NotifiedPayment,
} from '@waiaas/core';

export const AGENT_ID = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f10';
export const SESSION_ID = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f11';
export const TX_ID = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f13';
export const OTHER_ID = '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14';
export const RECIPIENT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
export const HASH = '5'.repeat(88);
export const LATER = '2026-01-05T13:00:00.000Z';

export const aPayment: NotifiedPayment = {
  txId: TX_ID,
  agentId: AGENT_ID,
  chain: 'solana',
  network: 'devnet',
  asset: 'solana:native',
  amount: '12500000000',
  unit: { symbol: 'SOL', decimals: 9 },
  to: RECIPIENT,
  memo: null,
};

const session = { sessionId: SESSION_ID, agentId: AGENT_ID };

/** One of each event. */
export const EVENTS: { readonly [Name in NotificationEventName]: NotificationEventOf<Name> } = {
  TX_NOTIFY: { event: 'TX_NOTIFY', payment: aPayment, txHash: HASH },
  TX_DELAY_QUEUED: { event: 'TX_DELAY_QUEUED', payment: aPayment, executesAt: LATER },
  TX_DELAY_EXECUTED: { event: 'TX_DELAY_EXECUTED', payment: aPayment, txHash: HASH },
  TX_APPROVAL_REQUEST: { event: 'TX_APPROVAL_REQUEST', payment: aPayment, expiresAt: LATER },
  TX_APPROVAL_EXPIRED: { event: 'TX_APPROVAL_EXPIRED', payment: aPayment, reason: 'timeout' },
  TX_CONFIRMED: { event: 'TX_CONFIRMED', payment: aPayment, tier: 'DELAY', txHash: HASH },
  TX_FAILED: { event: 'TX_FAILED', payment: aPayment, code: 'ONCHAIN_FAILURE', txHash: HASH },
  TX_CANCELLED: {
    event: 'TX_CANCELLED',
    payment: aPayment,
    by: 'operator',
    code: 'OWNER_REJECTED',
    reason: 'not today',
  },
  TX_LATE_LANDING: { event: 'TX_LATE_LANDING', payment: aPayment, txHash: HASH },
  SESSION_CREATED: { event: 'SESSION_CREATED', ...session, expiresAt: LATER, by: 'operator' },
  SESSION_RENEWED: { event: 'SESSION_RENEWED', ...session, expiresAt: LATER, renewalsLeft: 3 },
  SESSION_REVOKED: { event: 'SESSION_REVOKED', ...session, by: 'operator', transactionsCancelled: 1 },
  SESSION_EXPIRING: { event: 'SESSION_EXPIRING', ...session, expiresAt: LATER },
  AGENT_CREATED: {
    event: 'AGENT_CREATED',
    agentId: AGENT_ID,
    chain: 'solana',
    network: 'devnet',
    publicKey: RECIPIENT,
    by: 'operator',
  },
  AGENT_SUSPENDED: { event: 'AGENT_SUSPENDED', agentId: AGENT_ID, reason: 'manual', by: 'operator' },
  AGENT_RESUMED: { event: 'AGENT_RESUMED', agentId: AGENT_ID, by: 'operator' },
  AGENT_TERMINATING: { event: 'AGENT_TERMINATING', agentId: AGENT_ID, by: 'operator' },
  AGENT_TERMINATED: { event: 'AGENT_TERMINATED', agentId: AGENT_ID },
  AGENT_TERMINATION_STUCK: { event: 'AGENT_TERMINATION_STUCK', agentId: AGENT_ID, problem: 'ASSETS_LEFT' },
  LATE_DEPOSIT: { event: 'LATE_DEPOSIT', agentId: AGENT_ID, address: RECIPIENT },
  RECALL_REQUESTED: {
    ...{ event: 'RECALL_REQUESTED', recallId: OTHER_ID, agentId: AGENT_ID, destination: RECIPIENT, by: 'operator' },
  },
  RECALL_ENDED: {
    ...{ event: 'RECALL_ENDED', recallId: OTHER_ID, agentId: AGENT_ID, destination: RECIPIENT },
    ...{ status: 'PARTIAL', moved: 2, left: 1 },
  },
  RECOVERY_ADDRESS_SET: {
    ...{ event: 'RECOVERY_ADDRESS_SET', agentId: AGENT_ID, address: RECIPIENT, activeFrom: LATER, by: 'operator' },
  },
  POLICY_CHANGED: {
    event: 'POLICY_CHANGED',
    change: 'updated',
    policyId: OTHER_ID,
    policyType: 'SPENDING_LIMIT',
    agentId: null,
    by: 'operator',
  },
  OWNER_CHANGED: { event: 'OWNER_CHANGED', change: 'changed', chain: 'solana', address: RECIPIENT, by: 'operator' },
  CHANNEL_CHANGED: {
    event: 'CHANNEL_CHANGED',
    change: 'updated',
    channelId: OTHER_ID,
    channelType: 'TELEGRAM',
    channelName: 'my phone',
    by: 'operator',
  },
  SETTINGS_CHANGED: {
    event: 'SETTINGS_CHANGED',
    changes: [
      { setting: 'notifications.enabled', value: false },
      { setting: 'notifications.minChannels', value: 1 },
    ],
    by: 'operator',
  },
  AUTO_STOP_RULE_CHANGED: {
    event: 'AUTO_STOP_RULE_CHANGED',
    change: 'updated',
    ruleId: OTHER_ID,
    ruleType: 'HOURLY_RATE',
    agentId: AGENT_ID,
    action: 'WARN',
    enabled: false,
    by: 'operator',
  },
  TELEGRAM_PAIRING_CHANGED: {
    event: 'TELEGRAM_PAIRING_CHANGED',
    change: 'paired',
    channelId: OTHER_ID,
    channelName: 'my phone',
    by: 'operator',
  },
  KILL_SWITCH_ACTIVATED: {
    event: 'KILL_SWITCH_ACTIVATED',
    reason: 'something is wrong',
    by: 'operator',
    sessionsRevoked: 3,
    transactionsCancelled: 2,
    agentsSuspended: 1,
    activatedAt: LATER,
  },
  KILL_SWITCH_RECOVERED: { event: 'KILL_SWITCH_RECOVERED', by: 'operator', agentsReactivated: 1, recoveredAt: LATER },
  AUTO_STOP_TRIGGERED: {
    event: 'AUTO_STOP_TRIGGERED',
    agentId: AGENT_ID,
    ruleId: OTHER_ID,
    ruleType: 'CONSECUTIVE_FAILURES',
    action: 'SUSPEND_AGENT',
    reason: '5 consecutive transaction failures (threshold: 3)',
  },
  SEAL_BROKEN: { event: 'SEAL_BROKEN', what: 'policy', id: OTHER_ID, agentId: AGENT_ID },
  AUDIT_CHAIN_BROKEN: { event: 'AUDIT_CHAIN_BROKEN', sealedTo: 7 },
  AUDIT_HEAD: {
    event: 'AUDIT_HEAD',
    auditId: 7,
    line: '{"version":3,"auditId":7,"hash":"ab","sealedAt":5,"seal":"c2Vh"}',
  },
  DAILY_SUMMARY: {
    event: 'DAILY_SUMMARY',
    day: '2026-01-04',
    confirmed: 4,
    failed: 1,
    paid: [
      {
        ...{ chain: 'solana', network: 'devnet', asset: 'solana:native', amount: '12500000000', payments: 3 },
        unit: { symbol: 'SOL', decimals: 9 },
      },
      {
        ...{ chain: 'solana', network: 'devnet', asset: `solana:${RECIPIENT}`, amount: '7000000', payments: 1 },
        unit: { symbol: 'USDC', decimals: 6 },
      },
    ],
    morePaid: 2,
    waitingApprovals: 1,
    suspendedAgents: 1,
  },
  NETWORK_PAUSED: { event: 'NETWORK_PAUSED', chain: 'solana', network: 'devnet', until: LATER },
  DAEMON_STARTED: { event: 'DAEMON_STARTED', version: '0.2.0', cancelled: 1, failed: 0, expired: 0, followed: 2 },
  DAEMON_STOPPED: { event: 'DAEMON_STOPPED', reason: 'SIGTERM' },
  DAEMON_CRASHED: { event: 'DAEMON_CRASHED', kind: 'DAEMON_CRASH' },
  CHANNEL_UNHEALTHY: { event: 'CHANNEL_UNHEALTHY', channelId: OTHER_ID, channelName: 'my phone', failures: 3 },
  CHANNEL_TEST: { event: 'CHANNEL_TEST', channelId: OTHER_ID, channelName: 'my phone', by: 'operator' },
};

/** All of them. */
export const ALL_EVENTS: readonly NotificationEvent[] = NOTIFICATION_EVENTS.map((name) => EVENTS[name]);
