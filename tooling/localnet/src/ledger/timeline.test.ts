import { describe, expect, test } from 'vitest';
import { BLOCKHASH_MAX_AGE, createTimeline } from './timeline.ts';

const timeline = () =>
  createTimeline({
    startSlot: 10_000,
    startHeight: 9_000,
    confirmAfterSlots: 2,
    finalizeAfterSlots: 32,
    unixTimeAt: (slot) => slot,
  });

describe('a timeline', () => {
  test('has a finalized block and a full blockhash window from the start', () => {
    const chain = timeline();
    expect([chain.tip().slot, chain.at('confirmed').slot, chain.at('finalized').slot]).toEqual([10_000, 9_998, 9_968]);
    expect(chain.recent(1_000)).toHaveLength(BLOCKHASH_MAX_AGE + 32 + 1);
  });

  test('accepts a blockhash for 150 blocks, the last one included, on banks that know it', () => {
    const chain = timeline();
    const { blockhash, height } = chain.tip();
    expect(chain.isUsable(blockhash, chain.at('confirmed'))).toBe(false);
    for (let block = 0; block < 150; block += 1) chain.produce();
    expect(chain.tip().height).toBe(chain.lastValidHeight(blockhash));
    expect(chain.lastValidHeight(blockhash)).toBe(height + 150);
    expect(chain.isUsable(blockhash, chain.tip())).toBe(true);
    chain.produce();
    expect(chain.isUsable(blockhash, chain.tip())).toBe(false);
    expect(chain.isUsable('unknown', chain.tip())).toBe(false);
  });

  test('counts age in blocks, depth in slots', () => {
    const chain = timeline();
    const { blockhash, slot } = chain.tip();
    chain.produce(1_000);
    expect(chain.commitmentOf(slot)).toBe('finalized');
    expect(chain.at('finalized').slot).toBe(slot);
    expect(chain.bySlot(slot + 5)).toBeUndefined();
    expect(chain.isUsable(blockhash, chain.tip())).toBe(true);
  });

  test('forgets old blocks and stays right about young ones', () => {
    const chain = timeline();
    const { blockhash } = chain.tip();
    for (let block = 0; block < 5_000; block += 1) chain.produce();
    expect(chain.lastValidHeight(blockhash)).toBeUndefined();
    expect(chain.recent(10_000).length).toBeLessThan(1_100);
    expect(chain.isUsable(chain.at('finalized').blockhash, chain.tip())).toBe(true);
  });
});
