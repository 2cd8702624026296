import { canonicalJson } from '@waiaas/core';
import type { PaymentFacts } from './payment.ts';

const VERSION = 1;

/**
 * The canonical encoding of facts, for the record of a decision: with the payment and the versions of the policies, it is
 * all that is needed to decide the same again (09 no. 9).
 * @throws TypeError for facts that no JSON can carry, such as NaN: such facts come from a fault in the program.
 */
export function encodeFacts(facts: PaymentFacts): string {
  const { now, spent, reserved, recentTransactions, balance, reachableChannels, minChannels, defaults } = facts;
  return canonicalJson({
    version: VERSION,
    now,
    spent: { day: spent.day, week: spent.week },
    reserved,
    ...(recentTransactions === undefined
      ? {}
      : { recentTransactions: { hour: recentTransactions.hour, day: recentTransactions.day } }),
    ...(balance === undefined ? {} : { balance }),
    reachableChannels,
    minChannels,
    defaults: {
      delaySeconds: defaults.delaySeconds,
      approvalTimeoutSeconds: defaults.approvalTimeoutSeconds,
    },
  });
}

/**
 * Reads a canonical encoding back. Only exactly what `encodeFacts` writes is accepted: of two different texts, at most one
 * decodes to given facts.
 * @throws TypeError when the text is anything else. The cause tells more.
 */
export function decodeFacts(encoded: string): PaymentFacts {
  try {
    const facts = read(encoded);
    // Unknown keys, other spellings and other orders all end here.
    if (encodeFacts(facts) !== encoded) throw new TypeError('Facts must be in their canonical encoding');
    return facts;
  } catch (cause) {
    throw new TypeError('The text is not the canonical encoding of facts', { cause });
  }
}

function read(encoded: string): PaymentFacts {
  const fields = object(JSON.parse(encoded));
  if (fields.version !== VERSION) throw new TypeError('Facts of this version cannot be read');
  const spent = object(fields.spent);
  const defaults = object(fields.defaults);
  const recent = fields.recentTransactions === undefined ? undefined : object(fields.recentTransactions);
  return Object.freeze({
    now: number(fields.now),
    spent: Object.freeze({ day: orNull(spent.day, integer), week: orNull(spent.week, integer) }),
    reserved: integer(fields.reserved),
    ...(recent === undefined
      ? {}
      : { recentTransactions: Object.freeze({ hour: orNull(recent.hour, number), day: orNull(recent.day, number) }) }),
    ...(fields.balance === undefined ? {} : { balance: orNull(fields.balance, integer) }),
    reachableChannels: number(fields.reachableChannels),
    minChannels: number(fields.minChannels),
    defaults: Object.freeze({
      delaySeconds: number(defaults.delaySeconds),
      approvalTimeoutSeconds: number(defaults.approvalTimeoutSeconds),
    }),
  });
}

function object(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('A fact is no object');
  return { ...value };
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('A fact is no number');
  return value;
}

/** Negative ones too: a decision that denied for one must be repeatable. */
function integer(value: unknown): bigint {
  if (typeof value !== 'string' || !/^(0|-?[1-9][0-9]*)$/.test(value)) throw new TypeError('A fact is no amount');
  return BigInt(value);
}

const orNull = <T>(value: unknown, readValue: (value: unknown) => T): T | null =>
  value === null ? null : readValue(value);
