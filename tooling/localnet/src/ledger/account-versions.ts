import type { Address } from '@solana/kit';
import type { LedgerAccount } from './account.ts';

interface Version {
  /** The slot whose transactions replaced `before`. */
  readonly slot: number;
  readonly before: LedgerAccount;
}

/**
 * What accounts looked like before each block that is not final yet, so that a read at `confirmed` or `finalized` does
 * not see younger changes.
 */
export interface AccountVersions {
  /** Notes the state an account has before the first change in `slot`. */
  remember(slot: number, before: LedgerAccount): void;
  /** The account as of the end of `slot`; `latest` when nothing younger changed it. */
  asOf(address: Address, slot: number, latest: () => LedgerAccount): LedgerAccount;
  /** Replaces every remembered state of an account, for writes that are not part of any block. */
  rewrite(address: Address, change: (account: LedgerAccount) => LedgerAccount): void;
  /** Addresses that some block not final yet changed. */
  changed(): Iterable<Address>;
  /** Forgets every version that only readers behind `slot` could ask for. */
  prune(slot: number): void;
}

export function createAccountVersions(): AccountVersions {
  const versions = new Map<Address, Version[]>();
  return {
    remember(slot, before) {
      const list = versions.get(before.address);
      if (list === undefined) versions.set(before.address, [{ slot, before }]);
      else if (list.at(-1)?.slot !== slot) list.push({ slot, before });
    },
    asOf(address, slot, latest) {
      const younger = versions.get(address)?.find((version) => version.slot > slot);
      return younger === undefined ? latest() : younger.before;
    },
    rewrite(address, change) {
      const list = versions.get(address);
      if (list === undefined) return;
      versions.set(
        address,
        list.map(({ slot, before }) => ({ slot, before: change(before) })),
      );
    },
    changed: () => versions.keys(),
    prune(slot) {
      for (const [address, list] of versions) {
        const kept = list.filter((version) => version.slot > slot);
        if (kept.length === 0) versions.delete(address);
        else if (kept.length < list.length) versions.set(address, kept);
      }
    },
  };
}
