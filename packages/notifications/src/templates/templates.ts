import type { NotificationEventName, NotificationEventOf, NotifiedAmount } from '@waiaas/core';
import type { Piece, Text } from '../text/text.ts';

/** How the parts of a message are worded, the same in every template of a language. */
export interface Words {
  /** Whole units and symbol; base units where the daemon has no words for the asset. */
  amount(payment: NotifiedAmount): string;
  /** Amounts of several assets, each with its network, and an asset that anybody may have made with what identifies it. */
  amounts(paid: readonly NotifiedAmount[]): string;
  /** Name of an agent, as its creator chose it. */
  agent(agentId: string): Piece;
  /** An address, shortened to both of its ends. */
  short(address: string): string;
  /** A time, in UTC. */
  time(iso: string): string;
  /** Whole minutes from the event to a time; at least one. */
  minutesUntil(iso: string): number;
  /** Whole seconds from the event to a time. */
  secondsUntil(iso: string): number;
  /** Whoever did something, as the audit log names them. */
  actor(by: string): Piece;
}

/** Title and body of a message. A title is words of ours, numbers and symbols; what others wrote goes into the body. */
export interface Wording {
  readonly title: string;
  readonly body: Text;
}

/** The templates of one language, one for each event. An event without one does not compile. */
export type Templates = {
  readonly [Name in NotificationEventName]: (event: NotificationEventOf<Name>, words: Words) => Wording;
};

/** Labels of the facts below a message. */
export interface Labels {
  readonly transaction: string;
  readonly agent: string;
  readonly session: string;
  readonly amount: string;
  readonly asset: string;
  readonly to: string;
  readonly network: string;
  readonly memo: string;
  readonly hash: string;
  readonly until: string;
  readonly executesAt: string;
}
