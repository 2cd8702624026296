import {
  ChainError,
  type IChainAdapter,
  type IReplacer,
  type ISweeper,
  isReplacer,
  isSweeper,
  isWaiaasError,
  nativeAssetId,
} from '@waiaas/core';
import { type Db, type HeadDraft, headsOf, listAgents, type Storage } from '@waiaas/storage';
import { sql } from 'kysely';
import type { LedgerKind } from './ledger-kind.ts';
import { RECIPIENTS } from './rulebook.ts';
import type { Mutant } from './world.ts';

/*
 * Daemons that break a promise, for the simulation to find: one that finds none of them proves nothing. Each has one part
 * replaced, the way a fault in it would act.
 */

/** Does something in the database after every unit of work. */
const afterUnits =
  (work: (db: Db) => Promise<unknown>) =>
  (storage: Storage): Storage => ({
    ...storage,
    read: storage.read,
    migration: storage.migration,
    async write(unit) {
      const result = await storage.write(unit);
      try {
        await storage.write(({ db }) => work(db));
      } catch (error) {
        // With the vault shut there is nothing to be changed.
        if (!isWaiaasError(error, 'KEYSTORE_LOCKED')) throw error;
      }
      return result;
    },
  });

/** Runs a statement after every unit of work, past the guards of the schema. */
function after(prelude: readonly string[], statement: string): (storage: Storage) => Storage {
  return (storage) => {
    let isPrepared = false;
    return afterUnits(async (db) => {
      if (!isPrepared) for (const line of prelude) await sql.raw(line).execute(db);
      isPrepared = true;
      await sql.raw(statement).execute(db);
    })(storage);
  };
}

/** A daemon whose heads come out differently. */
const withHeads = (change: (head: HeadDraft) => void): Mutant => ({
  storage: afterUnits(async (db) => {
    for (const { id } of await listAgents(db)) change(headsOf(db).edit(id));
  }),
});

/** A daemon that believes whatever the file says, with somebody who writes into it. */
const credulous = (statement: string): Mutant => ({
  sealer: (sealer) => ({ ...sealer, verify: () => true }),
  storage: after(
    ['DROP TRIGGER IF EXISTS transactions_state_moves_on', 'PRAGMA ignore_check_constraints = ON'],
    statement,
  ),
});

const withAdapter = (change: (adapter: IChainAdapter) => Partial<IChainAdapter>): Mutant => ({
  adapter: (adapter) => ({ ...adapter, isConnected: () => adapter.isConnected(), ...change(adapter) }),
});

/** A daemon that counts what goes back to the owner towards caps. */
function countingRecalls(): Mutant {
  const counted = new Set<string>();
  return {
    storage: afterUnits(async (db) => {
      const rows = await db
        .selectFrom('transactions')
        .select(['id', 'agent_id', 'asset', 'amount'])
        .where('recall_id', 'is not', null)
        .where('status', '=', 'CONFIRMED')
        .execute();
      for (const { id, agent_id, asset, amount } of rows) {
        if (counted.has(id)) continue;
        counted.add(id);
        const { spent } = headsOf(db).edit(agent_id);
        const last = spent.get(asset);
        if (last !== undefined) spent.set(asset, { ...last, cumulative: last.cumulative + BigInt(amount) });
      }
    }),
  };
}

/** A daemon that takes a wallet for empty as long as something in it is stuck. */
const forgettingTheStuck: Mutant = {
  adapter: (adapter) => {
    if (!isSweeper(adapter)) return adapter;
    const quoteSweep: ISweeper['quoteSweep'] = async (sweep) =>
      (sweep.stuck ?? []).length > 0 ? null : adapter.quoteSweep(sweep);
    return { ...adapter, isConnected: () => adapter.isConnected(), ...{ quoteSweep } };
  },
};

/** An object with some members replaced; the others are still read from it, at each look. */
const withMembers = <T extends object>(whole: T, members: Partial<T>): T =>
  new Proxy(whole, { get: (target, key) => Reflect.get(key in members ? members : target, key) });

/** A mutant, and how it is found out. */
export interface KnownMutant {
  readonly mutant: Mutant;
  /** What the simulation says of it. */
  readonly found: RegExp;
  /** The ledger that it is tried on. Default: with blockhashes. */
  readonly kind?: LedgerKind;
  /** The first seed that it is tried with: one of the first to find it out. Default 1. */
  readonly from?: number;
}

/** Each mutant, and what the simulation has to say about it. */
export const MUTANTS: Readonly<Record<string, KnownMutant>> = {
  'forgets what was spent': {
    mutant: withHeads(({ spent }) => {
      for (const [asset, last] of spent) spent.set(asset, { ...last, cumulative: last.cumulative / 2n });
    }),
    found: /(daily|weekly) \d+ > \d+|spend ledger/,
  },
  'forgets what was spent of tokens': {
    mutant: withHeads(({ spent }) => {
      for (const [asset, last] of spent) {
        if (asset !== nativeAssetId('solana')) spent.set(asset, { ...last, cumulative: last.cumulative / 2n });
      }
    }),
    found: /(daily|weekly) \d+ > \d+|spend ledger/,
    from: 6,
  },
  'pays in another asset': {
    mutant: withAdapter((adapter) => ({
      buildTransaction: async ({ token: _, ...request }) => adapter.buildTransaction(request),
    })),
    found: /signed as another payment/,
  },
  'forgets what is under way': {
    from: 11,
    mutant: withHeads(({ open }) => {
      for (const [id, each] of open) open.set(id, { ...each, reserved: each.reserved === null ? null : 0n });
    }),
    // What it has just foretold differs too, for only the figures it decides by are made to forget.
    found: /(daily|weekly) \d+ > \d+|a session may|was foretold/,
  },
  'does not wait': {
    mutant: credulous(
      "UPDATE transactions SET execute_after = queued_at + 1 WHERE status = 'QUEUED' AND tier = 'DELAY'",
    ),
    found: /before its time/,
    from: 11,
  },
  'begins a delayed payment at once': {
    mutant: {
      ...credulous("UPDATE transactions SET execute_after = queued_at WHERE status = 'QUEUED' AND tier = 'DELAY'"),
      pipeline: (pipeline) =>
        withMembers(pipeline, {
          async send(...request) {
            const answer = await pipeline.send(...request);
            await pipeline.runDelayed();
            return answer;
          },
        }),
    },
    found: /was begun before its time/,
    from: 3,
  },
  'forgets what is under way when it starts': {
    mutant: {
      storage: (storage) => {
        let units = 0;
        return {
          ...storage,
          read: storage.read,
          migration: storage.migration,
          async write(unit) {
            if (units < 3) {
              units += 1;
              await storage.write(async ({ db }) => {
                for (const { id } of await listAgents(db)) {
                  const { open } = headsOf(db).edit(id);
                  for (const [key, each] of open)
                    open.set(key, { ...each, reserved: each.reserved === null ? null : 0n });
                }
              });
            }
            return storage.write(unit);
          },
        };
      },
    },
    found: /(daily|weekly) \d+ > \d+|a session may|was foretold/,
    from: 29,
  },
  'signs a replacement with a nonce of its own': {
    mutant: withAdapter((adapter) => ({
      signTransaction: ({ replaces: _, displaces: __, ...transaction }, sign) =>
        adapter.signTransaction(transaction, sign),
    })),
    found: /was paid 2 times/,
    kind: 'nonces',
    from: 37,
  },
  'sends what a stop has left to itself': {
    mutant: withAdapter((adapter) => ({
      async waitForConfirmation(hash, options) {
        const bytes = options?.bytes;
        if (bytes !== undefined) {
          await adapter.submitTransaction({ bytes, txHash: hash, ...options }).catch(() => undefined);
        }
        return adapter.waitForConfirmation(hash, options);
      },
    })),
    found: /sent after (everything had been stopped|a stop that no node)/,
    kind: 'nonces',
    from: 8,
  },
  'takes a nonce for used that is not': {
    mutant: withAdapter((adapter) => ({
      waitForConfirmation: async (hash, options) => {
        const verdict = await adapter.waitForConfirmation(hash, options);
        return verdict.verdict === 'unknown' ? { verdict: 'expired', finalizedBlockHeight: 10n ** 9n } : verdict;
      },
    })),
    found: /and on the ledger|was paid/,
    kind: 'nonces',
  },
  'takes a delay for an approval': {
    mutant: credulous(
      "UPDATE transactions SET tier = 'DELAY', execute_after = 0 WHERE status = 'QUEUED' AND tier = 'APPROVAL'",
    ),
    found: /without an approval|was given tier/,
  },
  'takes silence for failure': {
    mutant: withAdapter((adapter) => ({
      submitTransaction: async (transaction, mayGoOn) => {
        await adapter.submitTransaction(transaction, mayGoOn);
        throw new ChainError({ code: 'SUBMIT_FAILED', chain: 'solana', message: 'No answer', mayHaveLanded: false });
      },
    })),
    found: /and on the ledger|was paid/,
  },
  'takes a transaction for expired that is not': {
    mutant: withAdapter((adapter) => ({
      waitForConfirmation: async (hash, options) => {
        const verdict = await adapter.waitForConfirmation(hash, options);
        return verdict.verdict === 'unknown' ? { verdict: 'expired', finalizedBlockHeight: 10n ** 9n } : verdict;
      },
    })),
    found: /and on the ledger|was paid/,
  },
  'builds and sends each payment twice': {
    mutant: {
      adapter: (adapter, { ledger }) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        submitTransaction: async (transaction, mayGoOn) => {
          const sent = await adapter.submitTransaction(transaction, mayGoOn);
          const transfer = ledger.accepted.get(sent.txHash);
          if (transfer !== undefined) ledger.accept(`${sent.txHash} again`, transfer, 1);
          return sent;
        },
      }),
    },
    found: /was paid 2 times|no row knows/,
  },
  'pays somebody else': {
    mutant: withAdapter((adapter) => ({
      buildTransaction: async (request) =>
        adapter.buildTransaction({ ...request, to: 'EWFZJuFzfx1bdWH5wa67KL1joEvYhGF5m6cL9mjHp1V' }),
    })),
    found: /signed as another payment/,
  },
  'takes funds back to somebody else': {
    mutant: withAdapter((adapter) => ({
      buildTransaction: async (request) =>
        adapter.buildTransaction(request.memo === undefined ? { ...request, to: RECIPIENTS[2] } : request),
    })),
    found: /whom nobody has named/,
  },
  'calls dust what it could take in the place of something stuck': {
    from: 15,
    kind: 'nonces',
    mutant: forgettingTheStuck,
    found: /has left \d+/,
  },
  'counts what goes back to the owner': { mutant: countingRecalls(), found: /was refused, for|spend ledger/, from: 9 },
  'pays a little more': {
    mutant: withAdapter((adapter) => ({
      buildTransaction: async (request) => adapter.buildTransaction({ ...request, amount: request.amount + 1n }),
    })),
    found: /signed as another payment/,
  },
  'takes late for lost': {
    mutant: {
      adapter: (adapter, { ledger }) => ({
        ...adapter,
        isConnected: () => adapter.isConnected(),
        // Looks at the tip instead of at what is final, and a little early.
        waitForConfirmation: async (hash, options) => {
          const verdict = await adapter.waitForConfirmation(hash, options);
          const bound = options?.lastValidBlockHeight ?? ledger.height;
          return verdict.verdict === 'unknown' && ledger.height > bound - 30n && ledger.accepted.has(hash)
            ? { verdict: 'expired', finalizedBlockHeight: ledger.height }
            : verdict;
        },
      }),
    },
    found: /and on the ledger|was paid/,
  },
  'does not look at the list': {
    mutant: { ignores: [{ type: 'WHITELIST', rules: { chain: 'solana', allowed_addresses: [RECIPIENTS[0]] } }] },
    found: /not on the list/,
  },
  'does not count payments': {
    mutant: { ignores: [{ type: 'RATE_LIMIT', rules: { max_tx_per_hour: 2, max_tx_per_day: 0 } }] },
    found: /payments before it within an hour/,
  },
  'does not look at the clock on the wall': {
    mutant: {
      ignores: [
        { type: 'TIME_RESTRICTION', rules: { allowed_hours: { start: 2, end: 4 }, timezone: 'UTC', allowed_days: [] } },
      ],
    },
    found: /outside of the hours/,
  },
  'lets approvals wait': {
    mutant: { pipeline: (pipeline) => withMembers(pipeline, { expireApprovals: async () => undefined }) },
    found: /can be approved after its end/,
    from: 8,
  },
  'gives no time for a veto': {
    mutant: { watch: () => ({ awakeSince: 0 }) },
    found: /nobody could have stopped it/,
    from: 4,
  },
  'goes on from a backup as if it were of today': {
    mutant: { restore: () => async () => ({ status: 'NORMAL', activatedAt: null, reason: null, actor: null }) },
    found: /nobody has said that it is meant/,
    from: 10,
  },
  'signs behind a closed gate': {
    mutant: { gate: (gate) => ({ open: () => gate.open(), close: () => undefined }) },
    found: /sent after everything had been stopped/,
    from: 14,
  },
  'replaces what waits by something else than what has its nonce': {
    kind: 'nonces',
    mutant: {
      adapter: (adapter) => {
        if (!isReplacer(adapter)) return adapter;
        const replacer: IReplacer = {
          ...adapter,
          async buildReplacement(request, signed, refused) {
            const built = await adapter.buildReplacement(request, signed, refused);
            return built === null ? null : adapter.buildTransaction(request);
          },
        };
        return { ...adapter, ...replacer, isConnected: () => adapter.isConnected() };
      },
    },
    found: /was paid 2 times|no row knows/,
  },
  'sends again what a stop had met on its way': {
    from: 12,
    mutant: withAdapter((adapter) => ({
      async waitForConfirmation(hash, options) {
        const bytes = options?.bytes;
        if (bytes !== undefined) {
          const again = { bytes, txHash: hash, ...options };
          await adapter.submitTransaction(again).catch(() => undefined);
        }
        return adapter.waitForConfirmation(hash, options);
      },
    })),
    found: /sent after (everything had been stopped|a stop that no node)/,
  },
  'does not say what became of a payment': {
    mutant: {
      storage: after(
        ['DROP TRIGGER IF EXISTS audit_log_no_delete'],
        "DELETE FROM audit_log WHERE event_type = 'TX_CONFIRMED'",
      ),
    },
    found: /with 0 TX_CONFIRMED|not what the daemon has left/,
  },
};
