import { type Address, blockhash, type EncodedAccount } from '@solana/kit';
import type { ExistingAccount, LedgerAccount } from './account.ts';
import { createAccountVersions } from './account-versions.ts';
import type { Commitment } from './commitment.ts';
import type { LedgerEvent, LedgerListener } from './events.ts';
import { createFaucet } from './faucet.ts';
import { createHistory, type History } from './history.ts';
import type { LandedTransaction, TransactionSource } from './landed-transaction.ts';
import { loadedAddresses } from './lookup-tables.ts';
import { createPendingQueue, type Landing } from './pending.ts';
import { createPriorityFees, type PriorityFees } from './priority-fees.ts';
import { createRuntime, type Runtime, refused, type SimulatedOutcome } from './runtime.ts';
import { credited, systemAccount } from './system-account.ts';
import { type Block, createTimeline, type Timeline, type TimelineOptions } from './timeline.ts';
import { decodeWireTransaction, staticAccounts, type WireTransaction } from './wire-transaction.ts';

/** Far above 2^53, so that big integers are exercised from the first airdrop on. */
const FAUCET_LAMPORTS = 10n ** 18n;

export interface LedgerOptions extends TimelineOptions {
  /** Landed transactions kept. */
  readonly historyLimit: number;
}

/** How a simulation is to be run. */
export interface SimulateOptions {
  readonly verifySignatures: boolean;
  /** The bank whose blockhash window applies; undefined when the blockhash is to be ignored. */
  readonly bank: Block | undefined;
}

/** A Solana ledger in process: runtime, blocks, history. Nothing in it waits; it moves only when told to. */
export interface Ledger {
  readonly timeline: Timeline;
  readonly history: History;
  readonly priorityFees: PriorityFees;
  readonly runtime: Pick<Runtime, 'minimumBalanceForRentExemption'>;
  /** The account as readers at this commitment see it. */
  getAccount(address: Address, commitment: Commitment): LedgerAccount;
  /** All accounts of a program as readers at this commitment see them. */
  getProgramAccounts(program: Address, commitment: Commitment): readonly EncodedAccount[];
  /** Runs a transaction on the newest state without keeping the result. */
  simulate(wire: WireTransaction, options: SimulateOptions): SimulatedOutcome;
  /** Takes a transaction in. Whether and when it lands is up to `landing` and to the rules of the chain. */
  submit(wire: WireTransaction, landing: Landing): void;
  /** Sends lamports from the faucet with a real transaction; returns its signature. */
  requestAirdrop(recipient: Address, lamports: bigint): string;
  /** Writes an account directly, visible at every commitment at once. */
  setAccount(account: EncodedAccount): void;
  /** Adds lamports to an account out of nothing, visible at every commitment at once. */
  credit(address: Address, amount: bigint): void;
  /** Produces the next block, after letting `skippedSlots` pass without one. */
  produceBlock(skippedSlots?: number): void;
  /** Accepted transactions that have not landed yet. */
  pendingCount(): number;
  /** Adds a listener; the returned function removes it. */
  listen(listener: LedgerListener): () => void;
}

export function createLedger(options: LedgerOptions): Ledger {
  const runtime = createRuntime();
  const timeline = createTimeline(options);
  const versions = createAccountVersions();
  const history = createHistory(options.historyLimit);
  const priorityFees = createPriorityFees();
  const pending = createPendingQueue();
  const faucet = createFaucet();
  const listeners = new Set<LedgerListener>();
  let unconfirmed: LandedTransaction[] = [];
  let unfinalized: LandedTransaction[] = [];

  const emit = (event: LedgerEvent): void => {
    for (const listener of listeners) listener(event);
  };

  const land = (wire: WireTransaction, source: TransactionSource, evenIfExpired = false): void => {
    const block = timeline.tip();
    if (history.has(wire.signature)) return;
    if (!evenIfExpired && !timeline.isUsable(wire.message.lifetimeToken, block)) return;
    const loaded = loadedAddresses(wire.message, runtime.getAccount);
    const accounts = [
      ...staticAccounts(wire.message),
      ...loaded.writable.map((address) => ({ address, signer: false, writable: true })),
      ...loaded.readonly.map((address) => ({ address, signer: false, writable: false })),
    ];
    const writable = accounts.filter((account) => account.writable).map((account) => account.address);
    const balances = (): bigint[] => accounts.map(({ address }) => runtime.getBalance(address));
    const states = () => new Map(writable.map((address) => [address, runtime.getAccount(address)]));

    const preBalances = balances();
    const before = states();
    const outcome = runtime.execute(wire, true);
    // Refused before it ran: a leader drops such a transaction without a trace.
    if (!outcome.ran) return;
    for (const account of before.values()) versions.remember(block.slot, account);
    const landed: LandedTransaction = {
      signature: wire.signature,
      source,
      slot: block.slot,
      blockTime: block.unixTime,
      wire,
      outcome,
      accounts,
      loaded,
      preBalances,
      postBalances: balances(),
      before,
      after: states(),
    };
    history.add(landed);
    priorityFees.record(block.slot, wire, accounts);
    unconfirmed.push(landed);
    unfinalized.push(landed);
    emit({ type: 'reached', commitment: 'processed', landed });
  };

  const settle = (waiting: LandedTransaction[], commitment: Commitment): LandedTransaction[] => {
    const reached = timeline.at(commitment).slot;
    for (const landed of waiting) {
      if (landed.slot <= reached) emit({ type: 'reached', commitment, landed });
    }
    return waiting.filter((landed) => landed.slot > reached);
  };

  const overwrite = (address: Address, change: (account: LedgerAccount) => ExistingAccount): void => {
    runtime.setAccount(change(runtime.getAccount(address)));
    versions.rewrite(address, change);
    emit({ type: 'overwritten', address, account: runtime.getAccount(address) });
  };

  const now = timeline.tip();
  runtime.setClock(now.slot, now.unixTime);
  runtime.setAccount(systemAccount(faucet.address, FAUCET_LAMPORTS));

  return {
    timeline,
    history,
    priorityFees,
    runtime,
    getAccount: (address, commitment) =>
      versions.asOf(address, timeline.at(commitment).slot, () => runtime.getAccount(address)),
    getProgramAccounts(program, commitment) {
      const slot = timeline.at(commitment).slot;
      const found = new Map<Address, EncodedAccount>();
      for (const account of runtime.getProgramAccounts(program)) found.set(account.address, account);
      for (const address of versions.changed()) {
        const account = versions.asOf(address, slot, () => runtime.getAccount(address));
        if (account.exists && account.programAddress === program) found.set(address, account);
        else found.delete(address);
      }
      return [...found.values()];
    },
    simulate(wire, { verifySignatures, bank }) {
      if (bank !== undefined) {
        if (!timeline.isUsable(wire.message.lifetimeToken, bank)) {
          return { ...refused('BlockhashNotFound'), accountsAfter: [] };
        }
        if (history.has(wire.signature)) return { ...refused('AlreadyProcessed'), accountsAfter: [] };
      }
      return runtime.simulate(wire, verifySignatures);
    },
    submit(wire, landing) {
      const { slot } = timeline.tip();
      emit({ type: 'received', signature: wire.signature, slot });
      if (landing.when === 'now') land(wire, 'sendTransaction');
      else if (landing.when === 'late') {
        pending.add({ wire, landAtSlot: slot + landing.slots, evenIfExpired: landing.evenIfExpired });
      }
    },
    requestAirdrop(recipient, lamports) {
      const recent = blockhash(timeline.tip().blockhash);
      const wire = decodeWireTransaction(faucet.transfer(recipient, lamports, recent));
      land(wire, 'requestAirdrop');
      return wire.signature;
    },
    setAccount: (account) => overwrite(account.address, () => ({ exists: true, ...account })),
    credit: (address, amount) => overwrite(address, (account) => credited(account, amount)),
    produceBlock(skippedSlots = 0) {
      const block = timeline.produce(skippedSlots);
      runtime.setClock(block.slot, block.unixTime);
      const finalized = timeline.at('finalized').slot;
      emit({ type: 'slot', block, rootSlot: finalized });
      unconfirmed = settle(unconfirmed, 'confirmed');
      unfinalized = settle(unfinalized, 'finalized');
      versions.prune(finalized);
      priorityFees.forgetBefore((timeline.recent(150)[0] ?? block).slot);
      for (const due of pending.takeDue(block.slot)) land(due.wire, 'sendTransaction', due.evenIfExpired);
    },
    pendingCount: pending.size,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
