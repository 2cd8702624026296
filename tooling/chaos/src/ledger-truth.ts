import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { address, createSolanaRpc, getAddressDecoder } from '@solana/kit';
import type { Localnet } from '@waiaas/localnet';
import { checkSpendLedger, openForReading, type TransactionRow } from '@waiaas/storage';

/** A wallet nobody has paid before. */
export function stranger(): string {
  const { publicKey } = generateKeyPairSync('ed25519');
  return getAddressDecoder().decode(publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
}

/** Balance as the ledger has it, lamports. */
export async function balanceOf(ledger: Localnet, owner: string): Promise<bigint> {
  const { value } = await createSolanaRpc(ledger.rpcUrl).getBalance(address(owner), { commitment: 'processed' }).send();
  return value;
}

/** What a stopped daemon left in its database. */
export interface Remains {
  readonly transactions: readonly TransactionRow[];
  readonly audit: readonly {
    readonly event_type: string;
    readonly tx_id: string | null;
    readonly actor: string;
    readonly severity: string;
  }[];
  /** Names of the events that the owner was still to be told. */
  readonly untold: readonly string[];
  readonly ledgerFaults: number;
  readonly usage: readonly { readonly totalTx: number; readonly totalAmount: string }[];
  readonly tokenHashes: readonly string[];
}

/** Reads the database of a daemon that is not running. */
export async function readRemains(dataDir: string): Promise<Remains> {
  const storage = openForReading({ path: join(dataDir, 'data', 'waiaas.db') });
  try {
    return {
      transactions: await storage.read.selectFrom('transactions').selectAll().orderBy('id').execute(),
      audit: await storage.read
        .selectFrom('audit_log')
        .select(['event_type', 'tx_id', 'actor', 'severity'])
        .orderBy('id')
        .execute(),
      untold: (await storage.read.selectFrom('notification_outbox').select('event').execute()).map(
        ({ event }) => event,
      ),
      ledgerFaults: (await checkSpendLedger(storage.read)).length,
      usage: (await storage.read.selectFrom('sessions').select('usage_stats').orderBy('id').execute()).map((row) =>
        JSON.parse(row.usage_stats),
      ),
      tokenHashes: (await storage.read.selectFrom('sessions').select('token_hash').execute()).map(
        ({ token_hash }) => token_hash,
      ),
    };
  } finally {
    storage.close();
  }
}
