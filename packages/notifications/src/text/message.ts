import type { NotificationEvent, NotificationLevel, NotificationLocale } from '@waiaas/core';
import type { Piece, Text } from './text.ts';

/** A label and what it says. */
export interface Fact {
  readonly label: string;
  readonly value: Piece;
}

/** What a template makes of an event. */
export interface Rendered {
  readonly title: string;
  readonly body: Text;
  readonly facts: readonly Fact[];
}

/** A message, ready for any channel. */
export interface Message extends Rendered {
  /** Id of the event; the same over every channel and at every attempt. */
  readonly id: string;
  /** Order in which events happened; 0 for what is not in that order, such as a test. */
  readonly sequence: number;
  readonly event: NotificationEvent;
  readonly level: NotificationLevel;
  /** Shown like an alarm, whatever its level: somebody has to act before a deadline (05 §2.4). */
  readonly urgent: boolean;
  readonly locale: NotificationLocale;
  /** ISO 8601. */
  readonly createdAt: string;
}
