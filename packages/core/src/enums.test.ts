import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import {
  AGENT_STATUSES,
  AUDIT_SEVERITIES,
  agentStatusSchema,
  auditSeveritySchema,
  CHAINS,
  chainSchema,
  FEE_PRIORITIES,
  feePrioritySchema,
  KILL_SWITCH_STATUSES,
  killSwitchStatusSchema,
  NETWORKS,
  networkSchema,
  POLICY_TYPES,
  policyTypeSchema,
  SESSION_OPERATIONS,
  SUSPENSION_REASONS,
  sessionOperationSchema,
  suspensionReasonSchema,
  TIERS,
  TRANSACTION_STATUSES,
  TRANSACTION_TYPES,
  tierSchema,
  transactionStatusSchema,
  transactionTypeSchema,
} from './index.ts';

const PAIRS: readonly [name: string, values: readonly string[], schema: z.ZodType & { options: readonly string[] }][] =
  [
    ['transaction status', TRANSACTION_STATUSES, transactionStatusSchema],
    ['tier', TIERS, tierSchema],
    ['transaction type', TRANSACTION_TYPES, transactionTypeSchema],
    ['fee priority', FEE_PRIORITIES, feePrioritySchema],
    ['agent status', AGENT_STATUSES, agentStatusSchema],
    ['suspension reason', SUSPENSION_REASONS, suspensionReasonSchema],
    ['policy type', POLICY_TYPES, policyTypeSchema],
    ['kill switch status', KILL_SWITCH_STATUSES, killSwitchStatusSchema],
    ['session operation', SESSION_OPERATIONS, sessionOperationSchema],
    ['audit severity', AUDIT_SEVERITIES, auditSeveritySchema],
    ['chain', CHAINS, chainSchema],
    ['network', NETWORKS, networkSchema],
  ];

describe.each(PAIRS)('%s', (_name, values, schema) => {
  test('the schema takes exactly the words of the tuple', () => {
    expect(schema.options).toEqual(values);
    expect(new Set(values).size).toBe(values.length);
    for (const value of values) expect(schema.parse(value)).toBe(value);
  });

  test('no other case, spacing or type passes for one of them', () => {
    for (const value of values) {
      const other = value === value.toUpperCase() ? value.toLowerCase() : value.toUpperCase();
      expect(schema.safeParse(other).success).toBe(false);
      expect(schema.safeParse(` ${value}`).success).toBe(false);
      expect(schema.safeParse([value]).success).toBe(false);
    }
    for (const value of ['', '__proto__', 'constructor', 'toString', null, undefined, 0]) {
      expect(schema.safeParse(value).success).toBe(false);
    }
  });
});

describe('the words of 04 §1', () => {
  test('eight states, four tiers from lax to strict, four kinds of policy', () => {
    expect(TRANSACTION_STATUSES).toEqual([
      'PENDING',
      'QUEUED',
      'EXECUTING',
      'SUBMITTED',
      'CONFIRMED',
      'FAILED',
      'CANCELLED',
      'EXPIRED',
    ]);
    expect(TIERS).toEqual(['INSTANT', 'NOTIFY', 'DELAY', 'APPROVAL']);
    expect(POLICY_TYPES).toEqual(['SPENDING_LIMIT', 'WHITELIST', 'TIME_RESTRICTION', 'RATE_LIMIT']);
  });

  test.each(['PENDING_APPROVAL', 'APPROVED', 'REJECTED', 'BUILDING', 'SIGNING', 'TELEGRAM_PRE_APPROVED'])(
    'the superseded state %s has not come back',
    (word) => expect(transactionStatusSchema.safeParse(word).success).toBe(false),
  );

  test('an allow-list is a WHITELIST, auto-stop is no policy, the kill switch is no agent status', () => {
    expect(policyTypeSchema.safeParse('ALLOWED_ADDRESSES').success).toBe(false);
    expect(policyTypeSchema.safeParse('AUTO_STOP').success).toBe(false);
    expect(agentStatusSchema.safeParse('KILL_SWITCH').success).toBe(false);
  });
});
