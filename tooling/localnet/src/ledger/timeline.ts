import { randomBytes } from 'node:crypto';
import { getBase58Decoder } from '@solana/kit';
import type { Commitment } from './commitment.ts';

/** Blocks for which a blockhash stays usable after its own block. */
export const BLOCKHASH_MAX_AGE = 150;

/** Blocks remembered; more than the blockhash window so that commitments behind the tip have a full window too. */
const BLOCKS_KEPT = 512;

/** One produced block. Slots and heights differ because slots may pass without a block. */
export interface Block {
  readonly slot: number;
  readonly parentSlot: number;
  readonly height: number;
  readonly blockhash: string;
  /** Unix seconds. */
  readonly unixTime: number;
}

export interface TimelineOptions {
  readonly startSlot: number;
  readonly startHeight: number;
  /** Slots after which a block counts as confirmed. */
  readonly confirmAfterSlots: number;
  /** Slots after which a block counts as finalized. */
  readonly finalizeAfterSlots: number;
  /** Block time in unix seconds for a block produced now at `slot`. */
  readonly unixTimeAt: (slot: number) => number;
}

/** The chain of blocks: which exist, how deep each is, and which blockhashes may still be used. */
export interface Timeline {
  /** The newest block, where transactions land. */
  tip(): Block;
  /** The newest block that has reached the commitment. */
  at(commitment: Commitment): Block;
  /** The block with this slot, if it is remembered and was not skipped. */
  bySlot(slot: number): Block | undefined;
  /** Up to `count` newest blocks, oldest first. */
  recent(count: number): readonly Block[];
  /** How sure the cluster is of what landed in `slot`. */
  commitmentOf(slot: number): Commitment;
  /** The last block height at which the blockhash may be used, or undefined when it is unknown. */
  lastValidHeight(blockhash: string): number | undefined;
  /** Whether a transaction with this blockhash may land in (or be simulated on) `bank`. */
  isUsable(blockhash: string, bank: Block): boolean;
  /** Produces the next block, after letting `skippedSlots` pass without one. */
  produce(skippedSlots?: number): Block;
}

/**
 * Starts a timeline that already has a full window of blocks, so that every commitment has a block from the beginning.
 */
export function createTimeline(options: TimelineOptions): Timeline {
  const { confirmAfterSlots, finalizeAfterSlots } = options;
  const toBase58 = getBase58Decoder();
  const heightByHash = new Map<string, number>();
  let blocks: Block[] = [];

  const append = (slot: number, parentSlot: number, height: number): Block => {
    const blockhash = toBase58.decode(randomBytes(32));
    const block = { slot, parentSlot, height, blockhash, unixTime: options.unixTimeAt(slot) };
    blocks.push(block);
    heightByHash.set(blockhash, height);
    return block;
  };
  const last = (): Block => {
    const block = blocks.at(-1);
    if (block === undefined) throw new Error('the timeline has no block');
    return block;
  };
  const newestUpTo = (slot: number): Block => {
    for (let index = blocks.length - 1; index >= 0; index -= 1) {
      const block = blocks[index];
      if (block !== undefined && block.slot <= slot) return block;
    }
    throw new Error(`no block at or before slot ${slot} is remembered`);
  };
  const depthOf = (commitment: Commitment): number =>
    commitment === 'processed' ? 0 : commitment === 'confirmed' ? confirmAfterSlots : finalizeAfterSlots;
  const forgetOldBlocks = (): void => {
    if (blocks.length < BLOCKS_KEPT * 2) return;
    for (const block of blocks.slice(0, -BLOCKS_KEPT)) heightByHash.delete(block.blockhash);
    blocks = blocks.slice(-BLOCKS_KEPT);
  };

  for (let age = BLOCKHASH_MAX_AGE + finalizeAfterSlots; age >= 0; age -= 1) {
    append(options.startSlot - age, options.startSlot - age - 1, options.startHeight - age);
  }

  return {
    tip: last,
    at: (commitment) => newestUpTo(last().slot - depthOf(commitment)),
    bySlot: (slot) => blocks.find((block) => block.slot === slot),
    recent: (count) => blocks.slice(-count),
    commitmentOf: (slot) => {
      const depth = last().slot - slot;
      return depth >= finalizeAfterSlots ? 'finalized' : depth >= confirmAfterSlots ? 'confirmed' : 'processed';
    },
    lastValidHeight: (blockhash) => {
      const height = heightByHash.get(blockhash);
      return height === undefined ? undefined : height + BLOCKHASH_MAX_AGE;
    },
    isUsable: (blockhash, bank) => {
      const height = heightByHash.get(blockhash);
      return height !== undefined && height <= bank.height && bank.height <= height + BLOCKHASH_MAX_AGE;
    },
    produce: (skippedSlots = 0) => {
      const parent = last();
      const block = append(parent.slot + skippedSlots + 1, parent.slot, parent.height + 1);
      forgetOldBlocks();
      return block;
    },
  };
}
