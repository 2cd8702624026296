import { type Address, address } from '@solana/kit';
import { type Holding, isChainError, type NativeSweep, type TokenInfo } from '@waiaas/core';
import { readBalance } from './balance.ts';
import { BASE_FEE } from './fee.ts';
import { checkRecipient } from './funds-check.ts';
import { type HeldAccount, heldAccounts } from './held-accounts.ts';
import type { NodeView } from './node-view.ts';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';
import { quotePayment } from './quote.ts';
import { checkRequest, isSolanaAddress, type RequestRules, requireAddress } from './request-check.ts';
import { associatedAccountBytes } from './token-layout.ts';
import { readToken } from './token-reader.ts';

/** The native asset in the form of a token, under each program. */
const WRAPPED: ReadonlySet<string> = new Set([
  'So11111111111111111111111111111111111111112',
  '9pan9bMn5HatX4EJdBwg9VgCa7Uz5HL8N1m5D3NdXej9',
]);
/** Most accounts that are looked at in one go: strangers may have sent a wallet any number. */
const MAX_ACCOUNTS = 256;

/** What the token of an account is; null when it is of a kind that is refused. */
async function tokenOf(view: NodeView, mint: Address): Promise<TokenInfo | null> {
  try {
    return await readToken(view, mint);
  } catch (error) {
    if (isChainError(error, 'INVALID_TOKEN') || isChainError(error, 'UNSUPPORTED_TOKEN')) return null;
    throw error;
  }
}

async function holdingOf(view: NodeView, { mint, address: account, amount, isFrozen }: HeldAccount): Promise<Holding> {
  const token = await tokenOf(view, mint);
  return {
    mint,
    token,
    account,
    balance: amount,
    wrapped: WRAPPED.has(mint),
    obstacle: token === null ? 'UNSUPPORTED' : isFrozen ? 'FROZEN' : null,
  };
}

/**
 * Everything a wallet holds, account by account, under both token programs, in associated accounts and others, empty and
 * frozen ones too; the native asset last (08 §2.5.4). Of very many accounts, those of known tokens and the fullest.
 * @throws ChainError INVALID_ADDRESS, RPC_ERROR, NETWORK_ERROR
 */
export async function listHoldings(
  view: NodeView,
  candidate: string,
  known: readonly string[],
): Promise<readonly Holding[]> {
  const owner = requireAddress(candidate, 'address');
  const held: HeldAccount[] = [];
  for (const programId of [TOKEN_PROGRAM, TOKEN_2022_PROGRAM]) {
    held.push(...(await heldAccounts(view.session, view.readMs, owner, { programId })));
  }
  const first = new Set<string>(known.filter(isSolanaAddress));
  const looked = held
    .toSorted((a, b) => Number(first.has(b.mint)) - Number(first.has(a.mint)) || (a.amount < b.amount ? 1 : -1))
    .slice(0, MAX_ACCOUNTS);
  const holdings = await Promise.all(looked.map((account) => holdingOf(view, account)));
  const { balance } = await readBalance(view, owner);
  const native = { mint: null, token: null, account: null, wrapped: false, obstacle: null };
  return [...holdings, { ...native, balance }];
}

/** What has to stay so that one more token can be moved away: a signature, and the recipient's account. @throws ChainError */
export const gasForLater = async (view: NodeView): Promise<bigint> =>
  BASE_FEE + (await view.rent(associatedAccountBytes(TOKEN_PROGRAM)));

/**
 * How many lamports can be moved away: all but the fee, exactly, so that nothing but `keep` is left. Null when that is nothing,
 * or too little for an address that the chain does not know yet.
 * @throws ChainError INVALID_ADDRESS also for a recipient that is no wallet, RPC_ERROR, NETWORK_ERROR
 */
export async function quoteSweep(
  view: NodeView,
  { from, to, keep }: { readonly from: string; readonly to: string; readonly keep: bigint },
  { maxPriorityFee, rules }: { readonly maxPriorityFee: bigint; readonly rules: RequestRules },
): Promise<NativeSweep | null> {
  const request = checkRequest({ from, to, amount: 1n, priority: 'medium' }, rules);
  const [sender, recipient, rent, { fee }] = await Promise.all([
    view.account(request.from),
    view.account(address(to)),
    view.rent(0n),
    quotePayment(view, request, maxPriorityFee),
  ]);
  checkRecipient(recipient);
  const amount = sender.lamports - fee - keep;
  return amount > 0n && recipient.lamports + amount >= rent ? { amount, fee } : null;
}
