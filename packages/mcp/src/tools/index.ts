import { dryRun } from './dry-run.ts';
import { getAddress } from './get-address.ts';
import { getBalance } from './get-balance.ts';
import { getBudget } from './get-budget.ts';
import { getNonce } from './get-nonce.ts';
import { getTransaction } from './get-transaction.ts';
import { listTransactions } from './list-transactions.ts';
import { sendToken } from './send-token.ts';
import type { Tool } from './tool.ts';

/** Everything a model can do: what an agent may, and nothing of an owner or an operator (06 §7.6). */
export const TOOLS: readonly Tool[] = [
  sendToken,
  dryRun,
  getBudget,
  getBalance,
  getAddress,
  listTransactions,
  getTransaction,
  getNonce,
];
