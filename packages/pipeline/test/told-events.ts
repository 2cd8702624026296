import { NOTIFICATION_LOCALES, notificationEventSchema } from '@waiaas/core';
import { messageOf, webhookPayload } from '@waiaas/notifications';
import type { Storage } from '@waiaas/storage';
import { expect } from 'vitest';

/**
 * Whatever a test has made the daemon store for the owner has words in every language, made of what its caller really said:
 * nothing is left unfilled. Run at the end of every test of a world.
 */
export async function expectReadable(storage: Pick<Storage, 'read'>): Promise<void> {
  const agents = await storage.read.selectFrom('agents').select(['id', 'name']).execute();
  const names = new Map(agents.map(({ id, name }) => [id, name]));
  for (const row of await storage.read.selectFrom('notification_outbox').selectAll().execute()) {
    const event = notificationEventSchema.parse(JSON.parse(row.payload));
    const about = { id: row.id, sequence: row.seq, at: row.created_at };
    for (const locale of NOTIFICATION_LOCALES) {
      const message = messageOf(event, about, { locale }, (id) => names.get(id));
      const { title, text } = webhookPayload(message);
      for (const words of [title, text]) {
        expect(words.trim(), event.event).not.toBe('');
        expect(words, event.event).not.toMatch(/\{\w+\}|undefined|\bnull\b|\bNaN\b|\[object/);
      }
      if (locale === 'ko') expect(`${title}${text}`, event.event).toMatch(/[가-힣]/);
    }
  }
}
