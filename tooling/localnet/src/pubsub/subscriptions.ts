import type { Address } from '@solana/kit';
import type { JsonObject, JsonValue } from '../json/json-value.ts';
import type { LedgerAccount } from '../ledger/account.ts';
import { satisfies } from '../ledger/commitment.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import type { LandedTransaction } from '../ledger/landed-transaction.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { encodeAccount } from '../rpc/encode-account.ts';
import type { Topic, TopicKind } from './subscription.ts';

/** Hands one notification to the subscriber's connection. */
export type Notify = (message: JsonObject) => void;

interface Subscription<T extends Topic = Topic> {
  readonly id: number;
  readonly topic: T;
  readonly notify: Notify;
}

/** All subscriptions of all connections. */
export interface Subscriptions {
  /** Registers a subscription and returns its id. */
  add(topic: Topic, notify: Notify): number;
  /** Tells a new subscriber what is already so; called once it knows its id. */
  catchUp(id: number): void;
  /** Whether there was such a subscription of this kind. */
  remove(id: number, kind: TopicKind): boolean;
  /** Forgets every subscription that notifies through `notify`. */
  removeAll(notify: Notify): void;
  /** Passes an event of the ledger on to whom it concerns. */
  publish(event: LedgerEvent): void;
}

export function createSubscriptions(ledger: Ledger): Subscriptions {
  const byId = new Map<number, Subscription>();
  let lastId = 0;

  const send = ({ id, topic, notify }: Subscription, result: JsonValue): void =>
    notify({ jsonrpc: '2.0', method: `${topic.kind}Notification`, params: { result, subscription: id } });
  const of = function* <K extends TopicKind>(kind: K): Iterable<Subscription<Extract<Topic, { kind: K }>>> {
    for (const subscription of [...byId.values()]) {
      if (isOfKind(subscription, kind)) yield subscription;
    }
  };
  const read = (address: Address): LedgerAccount => ledger.getAccount(address, 'processed');
  const finishSignature = (subscription: Subscription, landed: LandedTransaction): void => {
    byId.delete(subscription.id);
    send(subscription, withSlot(landed.slot, { err: landed.outcome.error }));
  };

  const publishReached = ({ commitment, landed }: Extract<LedgerEvent, { type: 'reached' }>): void => {
    for (const subscription of of('signature')) {
      const { signature, commitment: wanted } = subscription.topic;
      if (signature === landed.signature && wanted === commitment) finishSignature(subscription, landed);
    }
    for (const subscription of of('account')) {
      const { address, commitment: wanted, encoding } = subscription.topic;
      const account = landed.after.get(address);
      if (account === undefined || wanted !== commitment) continue;
      send(subscription, withSlot(landed.slot, encodeAccount(account, encoding, read)));
    }
    for (const subscription of of('logs')) {
      const { mentions, commitment: wanted } = subscription.topic;
      if (wanted !== commitment) continue;
      if (mentions !== undefined && !landed.accounts.some(({ address }) => address === mentions)) continue;
      const { error: err, logs } = landed.outcome;
      send(subscription, withSlot(landed.slot, { signature: landed.signature, err, logs }));
    }
  };

  return {
    add(topic, notify) {
      lastId += 1;
      byId.set(lastId, { id: lastId, topic, notify });
      return lastId;
    },
    catchUp(id) {
      const subscription = byId.get(id);
      if (subscription?.topic.kind !== 'signature') return;
      const { signature, commitment } = subscription.topic;
      const landed = ledger.history.get(signature);
      if (landed === undefined || !satisfies(ledger.timeline.commitmentOf(landed.slot), commitment)) return;
      finishSignature(subscription, landed);
    },
    remove: (id, kind) => byId.get(id)?.topic.kind === kind && byId.delete(id),
    removeAll(notify) {
      for (const [id, subscription] of byId) if (subscription.notify === notify) byId.delete(id);
    },
    publish(event) {
      switch (event.type) {
        case 'slot':
          for (const subscription of of('slot')) {
            const { slot, parentSlot: parent } = event.block;
            send(subscription, { parent, root: event.rootSlot, slot });
          }
          for (const subscription of of('root')) send(subscription, event.rootSlot);
          return;
        case 'received':
          for (const subscription of of('signature')) {
            const { signature, wantsReceived } = subscription.topic;
            if (wantsReceived && signature === event.signature) {
              send(subscription, withSlot(event.slot, 'receivedSignature'));
            }
          }
          return;
        case 'reached':
          return publishReached(event);
        case 'overwritten':
          for (const subscription of of('account')) {
            const { address, encoding } = subscription.topic;
            if (address !== event.address) continue;
            send(subscription, withSlot(ledger.timeline.tip().slot, encodeAccount(event.account, encoding, read)));
          }
          return;
      }
    },
  };
}

function isOfKind<K extends TopicKind>(
  subscription: Subscription,
  kind: K,
): subscription is Subscription<Extract<Topic, { kind: K }>> {
  return subscription.topic.kind === kind;
}

function withSlot(slot: number, value: JsonValue): JsonObject {
  return { context: { slot }, value };
}
