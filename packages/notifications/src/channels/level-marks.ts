import type { Message } from '../text/message.ts';

/** Level a message is shown with: one that needs somebody to act looks like an alarm (05 §2.4). */
export const shownLevel = (message: Pick<Message, 'level' | 'urgent'>): Message['level'] =>
  message.urgent ? 'CRITICAL' : message.level;

/** Sign in front of a title (05 §2.4). */
export const glyphOf = (message: Pick<Message, 'level' | 'urgent'>): string =>
  ({ CRITICAL: '🚨', WARNING: '⚠️', INFO: 'ℹ️' })[shownLevel(message)];

/** Colour of a message, RGB (05 §2.5). */
export const colourOf = (message: Pick<Message, 'level' | 'urgent'>): number =>
  ({ CRITICAL: 0xff0000, WARNING: 0xffa500, INFO: 0x3498db })[shownLevel(message)];
