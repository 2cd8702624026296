import { policyCreateSchema } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { baseUnits } from '../format/amount.ts';
import {
  draftOf,
  EMPTY_DRAFT,
  isFault,
  isUnchanged,
  type LimitsDraft,
  newAsset,
  POLICY_TYPES,
  type Policy,
  type PolicyDraft,
  policyOf,
  rebased,
  rulesOf,
  stillUnremoved,
  unremovedOf,
} from './policy-form.ts';

const USDC = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';

const stored = (type: Policy['type'], rules: Policy['rules']): Policy => ({
  id: '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f14',
  version: 3,
  agentId: null,
  type,
  rules,
  priority: 7,
  enabled: false,
  createdAt: '2026-11-22T12:00:00.000Z',
  updatedAt: '2026-11-22T12:00:00.000Z',
  authentic: true,
});

/** What was typed as the daemon would be sent it, whatever is wrong with it. */
function unchecked(draft: PolicyDraft): object {
  const amounts = (limits: LimitsDraft, decimals: number): object => ({
    instant_max: baseUnits(limits.instant, decimals),
    notify_max: baseUnits(limits.notify, decimals),
    delay_max: baseUnits(limits.delay, decimals),
    ...(limits.daily === '' ? {} : { daily_max: baseUnits(limits.daily, decimals) }),
    ...(limits.weekly === '' ? {} : { weekly_max: baseUnits(limits.weekly, decimals) }),
  });
  const [hours, rates] = [
    { allowed_hours: { start: Number(draft.from), end: Number(draft.until) } },
    { max_tx_per_hour: Number(draft.perHour), max_tx_per_day: Number(draft.perDay) },
  ];
  const limits = {
    ...amounts(draft, 9),
    delay_seconds: Number(draft.delaySeconds),
    approval_timeout: Number(draft.approvalTimeout),
    token_limits: Object.fromEntries(draft.assets.map((one) => [one.key, amounts(one, one.unit.decimals)])),
  };
  const { type, priority } = draft;
  const rules = type === 'TIME_RESTRICTION' ? hours : type === 'RATE_LIMIT' ? rates : limits;
  return { type, priority: Number(priority), rules };
}

describe('the form of a policy', () => {
  test.each([
    [
      'SPENDING_LIMIT',
      {
        chain: 'solana',
        instant_max: '1',
        notify_max: '9007199254740993',
        delay_max: '18446744073709551615',
        daily_max: '18446744073709551615',
        window: 'calendar',
        delay_seconds: 60,
        approval_timeout: 300,
        max_balance_share: 250,
        token_limits: {
          'ethereum:native': { instant_max: '1', notify_max: '2', delay_max: '3', daily_max: '4' },
          [USDC]: { instant_max: '1', notify_max: '18446744073709551615', delay_max: '18446744073709551615' },
        },
      },
    ],
    ['WHITELIST', { chain: 'ethereum', allowed_addresses: ['0x1', '0x2'] }],
    ['TIME_RESTRICTION', { allowed_hours: { start: 22, end: 6 }, timezone: 'Asia/Seoul', allowed_days: [1, 5] }],
    ['RATE_LIMIT', { max_tx_per_hour: 5, max_tx_per_day: 0 }],
  ] as const)('changes nothing of %s that nobody has touched', (type, rules) => {
    // Whether or not somebody knows what a whole unit of its tokens is.
    for (const units of [new Map(), new Map([[`solana:${USDC}`, { decimals: 6, symbol: 'USDC' }]])]) {
      expect(rulesOf(draftOf(stored(type, rules), units))).toEqual(rules);
    }
    const draft = draftOf(stored(type, rules));
    expect(policyOf(draft, rules)).toEqual({ type, rules, priority: 7, enabled: false });
  });

  test.each([
    ['an amount that is none', { instant: 'much' }, { fault: 'amount', field: 'instant' }],
    ['a fraction of a base unit', { daily: '0.0000000001' }, { fault: 'amount', field: 'daily' }],
    ['limits that fall', { instant: '5', notify: '1' }, { fault: 'order', field: 'notify' }],
    ['a weekly cap below the daily one', { daily: '5', weekly: '4.9' }, { fault: 'caps', field: 'weekly' }],
    ['a delay too short', { delaySeconds: '59' }, { fault: 'range', field: 'delaySeconds', range: [60, 2_592_000] }],
    [
      'a time too short',
      { approvalTimeout: '299' },
      { fault: 'range', field: 'approvalTimeout', range: [300, 86_400] },
    ],
    ['seconds that are none', { delaySeconds: '1.5' }, { fault: 'number', field: 'delaySeconds' }],
    ['a share of nothing', { share: '0' }, { fault: 'share', field: 'share' }],
    ['a share beyond the whole', { share: '100.1' }, { fault: 'share', field: 'share' }],
  ] as const)('takes no %s for a rule', (_what, change, fault) => {
    expect(rulesOf({ ...EMPTY_DRAFT, ...change })).toEqual(fault);
  });

  test.each<readonly [string, Partial<PolicyDraft>]>([
    ...['59', '60', '2592000', '2592001'].map((delaySeconds) => [delaySeconds, { delaySeconds }] as const),
    ...['299', '300', '86400', '86401'].map((approvalTimeout) => [approvalTimeout, { approvalTimeout }] as const),
    ...['4', '5', '6', ''].map((weekly) => [weekly, { daily: '5', weekly }] as const),
    ...['-1000001', '-1000000', '1000000', '1000001'].map((priority) => [priority, { priority }] as const),
    ...['-1', '0', '23', '24'].map((from) => [from, { type: 'TIME_RESTRICTION', from, until: '12' }] as const),
    ...['-1', '0', '9', '24', '25'].map((until) => [until, { type: 'TIME_RESTRICTION', until }] as const),
    ...['-1', '0', '7'].map((perHour) => [perHour, { type: 'RATE_LIMIT', perHour, perDay: '0' }] as const),
    ...['-1', '0', '7'].map((perDay) => [perDay, { type: 'RATE_LIMIT', perDay }] as const),
    ...['4', '5'].map((weekly) => {
      const usdc = { ...newAsset(USDC, { decimals: 6, symbol: 'USDC' }), daily: '5', weekly };
      return [weekly, { assets: [usdc] }] as const;
    }),
  ])('has nobody sign what the daemon refuses, and finds no fault with what it takes: %s of %o', (_value, change) => {
    const draft = { ...EMPTY_DRAFT, ...change };
    const rules = rulesOf(draft);
    // What is found faulty is sent as it would be typed, which the daemon has to refuse then.
    const sent = isFault(rules) ? unchecked(draft) : policyOf(draft, rules);
    expect(policyCreateSchema.safeParse(sent).success).toBe(!isFault(rules));
  });

  test('tells the limits of a token in its own whole units, and of one that nobody knows in base units', () => {
    const policy = stored('SPENDING_LIMIT', {
      chain: 'solana',
      instant_max: '0',
      notify_max: '0',
      delay_max: '0',
      token_limits: { [USDC]: { instant_max: '1500000', notify_max: '2000000', delay_max: '3000000' } },
    });
    const known = draftOf(policy, new Map([[`solana:${USDC}`, { decimals: 6, symbol: 'USDC' }]]));
    expect(known.assets).toMatchObject([{ key: USDC, instant: '1.5', unit: { symbol: 'USDC' } }]);
    expect(draftOf(policy).assets).toMatchObject([{ key: USDC, instant: '1500000', unit: { decimals: 0 } }]);
  });

  test('names the token of which a limit is of no use, and allows nothing of one that was only added', () => {
    const usdc = newAsset(USDC, { decimals: 6, symbol: 'USDC' });
    const added = { ...EMPTY_DRAFT, assets: [usdc] };
    expect(rulesOf(added)).toMatchObject({
      token_limits: { [USDC]: { instant_max: '0', notify_max: '0', delay_max: '0' } },
    });
    const wrong = { ...usdc, delay: '0.0000001' };
    expect(rulesOf({ ...EMPTY_DRAFT, assets: [wrong] })).toEqual({ fault: 'amount', field: 'delay', of: wrong });
  });
});

test.each(['', 'high', '1.5', '9999999999', '--1'])('%j is no priority, and never becomes another one', (priority) => {
  for (const type of POLICY_TYPES) {
    expect(rulesOf({ ...EMPTY_DRAFT, type, priority })).toEqual({ fault: 'number', field: 'priority' });
  }
});

describe('what was typed, on a policy that somebody else has changed meanwhile', () => {
  const limits = (rules: Policy['rules']): ReturnType<typeof draftOf> =>
    draftOf(
      stored('SPENDING_LIMIT', { chain: 'solana', instant_max: '1', notify_max: '2', delay_max: '3', ...rules }),
      new Map([[`solana:${USDC}`, { decimals: 6, symbol: 'USDC' }]]),
    );
  const of = (daily: string) => ({ instant_max: '1', notify_max: '2', delay_max: '3', daily_max: daily });

  test('stays, and what was not touched is never put back to what it was', () => {
    const begun = limits({ daily_max: '9000000000' });
    const newer = limits({ daily_max: '5000000000', delay_seconds: 60 });
    const typed = { ...begun, notify: '4', enabled: true };
    expect(rebased(typed, begun, newer)).toEqual({ ...newer, notify: '4', enabled: true });
    // Nothing typed is the newer one as it is.
    expect(rebased(begun, begun, newer)).toEqual(newer);
  });

  test('stays also where both have changed the same', () => {
    const begun = limits({ daily_max: '9000000000' });
    expect(rebased({ ...begun, daily: '7' }, begun, limits({ daily_max: '5000000000' })).daily).toBe('7');
  });

  test('keeps the limits of tokens apart, field by field', () => {
    const [asset, other] = [USDC, 'Other1111111111111111111111111111111111111'];
    const begun = limits({ token_limits: { [asset]: of('9000000') } });
    const newer = limits({ token_limits: { [asset]: of('5000000'), [other]: of('1') } });
    const typed = { ...begun, assets: begun.assets.map((one) => ({ ...one, delay: '8' })) };
    const { assets } = rebased(typed, begun, newer);
    // The cap that somebody else has tightened stays tightened, and the token they have added stays.
    expect(assets.map(({ key, delay, daily }) => [key, delay, daily])).toEqual([
      [asset, '8', '5'],
      [other, '3', '1'],
    ]);
    expect(rebased({ ...begun, assets: [] }, begun, newer).assets.map(({ key }) => key)).toEqual([other]);
    expect(rebased(begun, begun, limits({})).assets).toEqual([]);
  });

  const list = (...addresses: readonly string[]): ReturnType<typeof draftOf> =>
    draftOf(stored('WHITELIST', { chain: 'solana', allowed_addresses: [...addresses] }));
  const typed = (...addresses: readonly string[]) => ({ ...list(), addresses: addresses.join('\n') });
  const [A, B, C] = ['A1', 'B2', 'C3'];

  test.each([
    ['puts a recipient that was added to those there are now', [A], [A, B], [C], [C, B]],
    ['brings back none that was removed meanwhile', [A, B], [A, B, C], [B], [B, C]],
    ['removes what was removed here, whoever has been added meanwhile', [A, B], [A], [A, B, C], [A, C]],
    ['adds none twice', [A], [A, B], [A, B], [A, B]],
    ['takes the newer list as it is where none was touched', [A], [A], [C, B], [C, B]],
    ['opens no list that each has shortened', [A, B], [A], [B], [B]],
    ['empties a list that was emptied here', [A], [], [A], []],
    ['keeps one that was added meanwhile to a list that was emptied here', [A], [], [A, B], [B]],
    ['closes a list that was open', [], [A], [B], [B, A]],
    ['knows an address of Ethereum in any spelling', ['0xAb', A], ['0xaB'], [A, '0xAB'], ['0xAB']],
  ] as const)('%s', (_what, begun, mine, newer, expected) => {
    const { addresses } = rebased(typed(...mine), list(...begun), list(...newer));
    expect(addresses.split('\n').filter((one) => one !== '')).toEqual(expected);
  });

  test.each([
    ['that each has shortened to nobody', [A, B], [A], [B], [B]],
    ['in another spelling', ['0xAb', A], [A], ['0xaB'], ['0xaB']],
    ['that somebody is left on', [A, B], [A], [A, B, C], []],
    ['that was emptied here', [A, B], [], [A], []],
    ['that only somebody else has changed', [A, B], [A, B], [B], []],
  ] as const)('a removal that comes back is told: of a list %s', (_what, begun, mine, newer, recipients) => {
    const [before, now] = [list(...begun), list(...newer)];
    const after = rebased(typed(...mine), before, now);
    const unremoved = unremovedOf(typed(...mine), before, after);
    expect(unremoved).toEqual({ recipients, days: [] });
    // Told until it is removed all the same.
    expect(stillUnremoved(unremoved, after)).toEqual(unremoved);
    expect(stillUnremoved(unremoved, list(C))).toEqual({ recipients: [], days: [] });
  });

  test('there is nothing to sign for once the only removal has come back, nor where nothing was typed', () => {
    const after = rebased(list(A), list(A, B), list(B));
    expect(isUnchanged(after, list(B))).toBe(true);
    expect(isUnchanged({ ...after, priority: '8' }, list(B))).toBe(false);
    expect(isUnchanged({ ...after, enabled: true }, list(B))).toBe(false);
    expect(isUnchanged({ ...limits({}), daily: '1' }, limits({}))).toBe(false);
    expect(isUnchanged({ ...limits({}), daily: ' ' }, limits({}))).toBe(true);
  });

  test.each([
    ['a day that was added', [1], [1, 2], [3], [2, 3]],
    ['a day that was removed', [1, 2], [1], [1, 2, 3], [1, 3]],
    ['days that were picked out of every day', [], [1, 2], [1, 2, 5], [1, 2]],
    ['what there is now, where no day would be left, which is every day', [1, 2], [1], [2], [2]],
    ['what there is now, where no day was touched', [1], [1], [], []],
  ] as const)('has %s', (_what, begun, mine, newer, expected) => {
    const hours = (days: readonly number[]) =>
      draftOf(
        stored('TIME_RESTRICTION', { allowed_hours: { start: 9, end: 18 }, timezone: 'UTC', allowed_days: [...days] }),
      );
    const after = rebased({ ...hours(mine), from: '10' }, hours(begun), hours(newer));
    expect(after).toEqual({ ...hours(expected), from: '10' });
    // The day that was removed here is back where no other was left.
    const cameBack = newer.length === 1 && newer[0] === 2 ? [2] : [];
    expect(unremovedOf(hours(mine), hours(begun), after).days).toEqual(cameBack);
  });
});
