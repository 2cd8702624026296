import type { Address } from '@solana/kit';
import type { Commitment } from '../ledger/commitment.ts';
import type { AccountEncoding } from '../rpc/encode-account.ts';

/** What a subscriber wants to hear of. */
export type Topic =
  | { readonly kind: 'slot' }
  | { readonly kind: 'root' }
  | {
      readonly kind: 'signature';
      readonly signature: string;
      readonly commitment: Commitment;
      readonly wantsReceived: boolean;
    }
  | {
      readonly kind: 'account';
      readonly address: Address;
      readonly commitment: Commitment;
      readonly encoding: AccountEncoding;
    }
  | {
      readonly kind: 'logs';
      /** Undefined for all transactions. */
      readonly mentions: Address | undefined;
      readonly commitment: Commitment;
    };

/** The kind of a topic; `<kind>Subscribe`, `<kind>Unsubscribe` and `<kind>Notification` are its method names. */
export type TopicKind = Topic['kind'];
