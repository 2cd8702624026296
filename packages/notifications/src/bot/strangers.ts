import type { Clock } from '@waiaas/core';
import { createRateBucket, type RateBucket } from '../delivery/rate-bucket.ts';

/** Answers to one chat, and to all strangers together: nobody uses up what the bot may send, or learns much from it. */
const PER_CHAT = { capacity: 4, perSecond: 1 / 15 };
const TOGETHER = { capacity: 20, perSecond: 1 / 2 };
const CHATS_MAX = 500;

/** Says whether a chat that is not the owner's gets an answer now. */
export function createStrangers({ clock }: { readonly clock: Clock }): (chatId: string) => boolean {
  const together = createRateBucket(TOGETHER, clock.now());
  const chats = new Map<string, RateBucket>();
  return (chatId) => {
    const now = clock.now();
    const bucket = chats.get(chatId) ?? createRateBucket(PER_CHAT, now);
    chats.delete(chatId);
    chats.set(chatId, bucket);
    const [oldest] = chats.keys();
    if (chats.size > CHATS_MAX && oldest !== undefined) chats.delete(oldest);
    return bucket.take(now) && together.take(now);
  };
}
