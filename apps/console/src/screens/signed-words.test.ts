import type { AgentSummary } from '@waiaas/sdk';
import { describe, expect, test } from 'vitest';
import type { Unit } from '../format/amount.ts';
import { agentInWords, agentOfIdInWords } from './agent-words.ts';
import { recoveryInWords } from './kill-switch-words.ts';
import { draftOf, EMPTY_DRAFT, type Policy } from './policy-form.ts';
import { standingOf } from './policy-standing.ts';
import {
  changeInWords,
  deletedInWords,
  differencesInWords,
  standingInWords,
  succeededInWords,
} from './policy-words.ts';

const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const AT = '2026-11-22T12:00:00.000Z';

const policy = (number: number, type: Policy['type'], rules: Policy['rules']): Policy => ({
  id: `0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f${number}`,
  version: 3,
  agentId: null,
  type,
  rules,
  priority: 7,
  enabled: true,
  createdAt: AT,
  updatedAt: AT,
  authentic: true,
});
const list = (number: number, addresses: readonly string[]): Policy =>
  policy(number, 'WHITELIST', { chain: 'solana', allowed_addresses: [...addresses] });
const limit = (number: number, chain = 'solana'): Policy =>
  policy(number, 'SPENDING_LIMIT', { chain, instant_max: '1', notify_max: '1', delay_max: '1' });

describe('what is signed for', () => {
  const t = (key: string): string => key;
  const tongue = { t, language: 'en' };
  const full = draftOf(list(10, [USDC]));
  const subject = { policy: list(10, [USDC]), agent: null };
  const isNew = { policy: null, agent: null };
  const none = { loosened: null, standing: null, succeeded: null };
  const KNOWN = { agentOf: (id: string | null) => id, units: new Map<string, Unit>() };

  test('names what is changed, what it does, and nothing else', () => {
    expect(
      changeInWords(full, { ...full, addresses: '' }, subject, { ...none, loosened: 'everybody' }, tongue),
    ).toEqual([
      ['policies.policy', 'name.WHITELIST · common.allAgents'],
      ['policies.id', '…8d9e0f10 · v3'],
      ['policies.effect', 'policies.loosen.everybody'],
      ['agents.chain', 'solana'],
      ['common.priority', '7'],
      ['policies.recipients', '1 → policies.everybody'],
      ['policies.recipients.removed', USDC],
    ]);
    expect(changeInWords(full, { ...full, priority: '8' }, subject, none, tongue)).toEqual([
      ['policies.policy', 'name.WHITELIST · common.allAgents'],
      ['policies.id', '…8d9e0f10 · v3'],
      ['common.priority', '7 → 8'],
      ['agents.chain', 'solana'],
    ]);
  });

  test('names the one recipient of fifty that is another now', () => {
    const fifty = Array.from({ length: 50 }, (_, at) => `Recipient${at}`);
    const before = draftOf(list(10, fifty));
    const after = { ...before, addresses: before.addresses.replace('Recipient49', 'Stranger') };
    expect(differencesInWords(before, after, tongue)).toEqual([
      ['policies.recipients', '50 → 50'],
      ['policies.recipients.added', 'Stranger'],
      ['policies.recipients.removed', 'Recipient49'],
    ]);
    expect(differencesInWords(before, { ...after, addresses: fifty.toReversed().join(' ') }, tongue)).toEqual([]);
  });

  test('says what the end of a list does', () => {
    expect(deletedInWords(full, subject, { loosened: 'lastList', succeeded: 'what follows' }, tongue)).toEqual([
      ['policies.policy', 'name.WHITELIST · common.allAgents'],
      ['policies.id', '…8d9e0f10 · v3'],
      ['common.status', 'common.enabled → policies.deleted'],
      ['policies.after', 'what follows'],
      ['policies.effect', 'policies.loosen.lastList'],
      ['agents.chain', 'solana'],
      ['policies.recipients', USDC],
      ['common.priority', '7'],
    ]);
  });

  test('says once that nothing of its kind is left', () => {
    const last = { loosened: 'lastList', succeeded: 'policies.after.WHITELIST' } as const;
    const off = changeInWords(full, { ...full, enabled: false }, subject, { ...none, ...last }, tongue);
    for (const words of [deletedInWords(full, subject, last, tongue), off]) {
      expect(words.slice(2, 4)).toEqual([
        ['common.status', expect.stringMatching(/^common.enabled → /)],
        ['policies.effect', 'policies.loosen.lastList'],
      ]);
      expect(words.map(([name]) => name)).not.toContain('policies.after');
    }
    const own = { loosened: null, succeeded: 'policies.after.WHITELIST' };
    expect(deletedInWords(full, subject, own, tongue)).toContainEqual(['policies.after', 'policies.after.WHITELIST']);
  });

  test('says that a new policy will not count, what one takes the place of, and for whom it does not hold', () => {
    const says = (key: string, values: object = {}): string => [key, ...Object.values(values)].join(' ');
    const standing = (draft: Parameters<typeof standingOf>[1], all: readonly Policy[]) =>
      standingInWords(standingOf(null, draft, all), (id) => id, { t: says });
    const draft = { ...EMPTY_DRAFT, priority: '7' };
    expect(standing(draft, [limit(10)])).toBe('policies.counts.not: policies.counts.behind …8d9e0f10 7');
    expect(standing({ ...draft, priority: '8' }, [limit(10)])).toBe('policies.counts.instead …8d9e0f10 7');
    expect(standing({ ...draft, agentId: 'the agent' }, [limit(10)])).toBe('policies.counts.insteadOfAll …8d9e0f10 7');
    expect(standing(draft, [{ ...limit(10), agentId: 'the agent' }])).toBe('policies.counts.notFor the agent');
    expect([standing(draft, []), standing({ ...draft, enabled: false }, [limit(10)])]).toEqual([null, null]);
    const words = changeInWords(null, draft, isNew, { ...none, standing: 'does not count' }, tongue);
    expect(words.slice(0, 2)).toEqual([
      ['policies.policy', 'name.SPENDING_LIMIT · common.allAgents'],
      ['policies.counts', 'does not count'],
    ]);
  });

  test('shows amounts as every other screen does', () => {
    const before = { ...draftOf(limit(10)), daily: '1900' };
    expect(differencesInWords(before, { ...before, daily: '12345.50' }, tongue)).toEqual([
      ['policies.daily', '1,900 SOL → 12,345.5 SOL'],
    ]);
    // What is the same amount is no difference, however it is typed.
    expect(differencesInWords(before, { ...before, daily: '1,900.0' }, tongue)).toEqual([]);
  });

  test.each(['SPENDING_LIMIT', 'WHITELIST'] as const)('names the chain of a new %s', (type) => {
    const words = changeInWords(null, { ...EMPTY_DRAFT, type, chain: 'polygon' }, isNew, none, tongue);
    expect(words).toContainEqual(['agents.chain', 'polygon']);
  });

  test('says that the daemon decides what was left empty', () => {
    const before = draftOf(policy(10, 'SPENDING_LIMIT', { ...limit(10).rules, delay_seconds: 900 }));
    const words = changeInWords(before, { ...before, delaySeconds: ' ' }, subject, none, tongue);
    expect(words).toContainEqual(['policies.delaySeconds', '900 → policies.ofDaemon']);
  });

  test('tells one policy from another of its kind', () => {
    const deleted = [list(10, [USDC]), list(11, [USDC]), list(12, ['Other'])].map((one) =>
      deletedInWords(draftOf(one), { policy: one, agent: null }, { loosened: null, succeeded: 'same' }, tongue),
    );
    expect(new Set(deleted.map((words) => JSON.stringify(words))).size).toBe(3);
    // An ether is an ether on every chain that pays with it.
    const edits = ['ethereum', 'base', 'arbitrum'].map((chain) => {
      const before = draftOf(limit(10, chain));
      return changeInWords(before, { ...before, daily: '1' }, { policy: limit(10, chain), agent: null }, none, tongue);
    });
    expect(new Set(edits.map((words) => JSON.stringify(words))).size).toBe(3);
  });

  test('says what counts once a policy is deleted', () => {
    const own = { ...limit(10), agentId: 'the agent' };
    const looser = { ...limit(11), priority: 1 };
    const says = (all: readonly Policy[]) => succeededInWords(own, null, all, KNOWN, tongue);
    expect(says([own, looser])).toContain('name.SPENDING_LIMIT · common.allAgents; policies.id: …8d9e0f11 · v3; ');
    expect(says([own, looser])).toContain('policies.instant: 0.000000001 SOL');
    // What is off, of another kind, or another agent's, follows nobody.
    const others = [{ ...looser, enabled: false }, list(12, [USDC]), { ...limit(13), agentId: 'another' }];
    expect(says([own, ...others])).toBe('policies.after.SPENDING_LIMIT');
    expect(says([own, { ...limit(14), agentId: 'the agent', priority: 8 }])).toBeNull();
    expect(succeededInWords({ ...own, enabled: false }, null, [looser], KNOWN, tongue)).toBeNull();
  });

  test('tells the limits of a token that counts then in whole units, and in base units only where nobody knows them', () => {
    const own = { ...limit(10), agentId: 'the agent' };
    const limits = { instant_max: '2500000', notify_max: '5000000', delay_max: '9000000', daily_max: '100000000' };
    const next = policy(11, 'SPENDING_LIMIT', { ...limit(11).rules, token_limits: { [USDC]: limits } });
    const says = (units: ReadonlyMap<string, Unit>) =>
      succeededInWords(own, null, [own, next], { agentOf: (id) => id, units }, tongue);
    const known = new Map([[`solana:${USDC}`, { symbol: 'USDC', decimals: 6 }]]);
    expect(says(known)).toContain(`${USDC}: policies.instant: 2.5 USDC; policies.notify: 5 USDC; `);
    expect(says(known)).toContain('policies.daily: 100 USDC');
    expect(says(new Map())).toContain(`${USDC}: policies.instant: 2,500,000 assets.baseUnits; `);
  });

  test('says what counts once a policy is switched off, or put behind another one', () => {
    const own = { ...limit(10), agentId: 'the agent' };
    const looser = policy(11, 'SPENDING_LIMIT', {
      ...limit(11).rules,
      daily_max: '9000000000',
      weekly_max: '80000000000',
    });
    const stored = draftOf(own);
    const wordsOf = (draft: typeof stored, all: readonly Policy[]) => {
      const succeeded = succeededInWords(own, draft, all, KNOWN, tongue);
      return changeInWords(stored, draft, { policy: own, agent: 'the agent' }, { ...none, succeeded }, tongue);
    };
    const off = wordsOf({ ...stored, enabled: false }, [own, looser]);
    expect(off[2]).toEqual(['common.status', 'common.enabled → common.disabled']);
    expect(off[3]?.[0]).toBe('policies.after');
    expect(off[3]?.[1]).toContain('policies.daily: 9 SOL; policies.weekly: 80 SOL; ');
    const sibling = { ...looser, agentId: 'the agent' };
    const behind = wordsOf({ ...stored, priority: '6' }, [own, sibling]);
    expect(behind[3]?.[1]).toContain('policies.daily: 9 SOL');
    expect(wordsOf({ ...stored, enabled: false }, [own])[3]?.[1]).toBe('policies.after.SPENDING_LIMIT');
    const stays = wordsOf({ ...stored, daily: '5' }, [own, looser]);
    expect(stays.map(([name]) => name)).not.toContain('policies.after');
  });

  test('says all of a policy that counts once it is switched on, as it will be', () => {
    const own = { ...limit(10), agentId: 'the agent', enabled: false };
    const draft = { ...draftOf(own), enabled: true, daily: '5' };
    expect(succeededInWords(own, draft, [own, limit(11)], KNOWN, tongue)).toContain('policies.daily: 5 SOL');
  });

  test('names everything once', () => {
    for (const one of [list(10, [USDC]), limit(11)]) {
      const draft = draftOf(one);
      for (const words of [
        changeInWords(null, draft, isNew, { ...none, loosened: 'everybody', standing: 'does not count' }, tongue),
        changeInWords(
          draft,
          { ...draft, priority: '8', addresses: 'Other' },
          subject,
          { loosened: 'lastList', standing: 'does not count', succeeded: 'what follows' },
          tongue,
        ),
        deletedInWords(draft, subject, { loosened: 'lastList', succeeded: 'what follows' }, tongue),
      ]) {
        const names = words.map(([name]) => name);
        expect(new Set(names).size).toBe(names.length);
      }
    }
  });

  test('tells one agent from another of its name, and makes visible what hides in that', () => {
    const agent: AgentSummary = {
      id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01',
      name: 'shop\u202eper',
      status: 'ACTIVE',
      chain: 'solana',
      network: 'devnet',
      publicKey: USDC,
      createdAt: AT,
      sessionCount: 0,
      totalTxCount: 0,
    };
    expect(agentInWords(agent)).toBe('shop▯per (solana devnet, EPjF…Dt1v)');
    expect(agentOfIdInWords([agent], agent.id)).toBe(agentInWords(agent));
    expect(agentOfIdInWords([], agent.id)).toBe(agent.id);
    expect([null, ''].map((id) => agentOfIdInWords([agent], id))).toEqual([null, null]);
  });

  test('says what a recovery ends and what it does', () => {
    const lock = { activatedAt: AT, reason: 'drill\u200b' };
    expect(recoveryInWords(lock, t, (iso) => iso)).toEqual([
      ['kill.title', 'ACTIVATED → NORMAL'],
      ['kill.since', AT],
      ['kill.reason', 'drill▯'],
      ['policies.effect', 'kill.recover.effect'],
    ]);
    expect(recoveryInWords(null, t, (iso) => iso)).toHaveLength(2);
  });
});
