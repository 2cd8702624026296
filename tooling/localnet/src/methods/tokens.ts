import type { Address, EncodedAccount } from '@solana/kit';
import type { Commitment } from '../ledger/commitment.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { accountEncoding, encodeAccount } from '../rpc/encode-account.ts';
import { addressParam, configParam, toAddress } from '../rpc/params.ts';
import { readContext, withContext } from '../rpc/read-context.ts';
import { invalidParams } from '../rpc/rpc-error.ts';
import { tokenAmount } from '../rpc/token-amount.ts';
import { type Mint, readMint, readTokenAccount, TOKEN_PROGRAMS } from '../rpc/token-layout.ts';
import type { MethodTable } from './method.ts';

/** Methods that understand the two token programs. */
export const tokenMethods: MethodTable = {
  getTokenAccountBalance: ({ ledger }, params) => {
    const { block, commitment } = readContext(ledger, params, 1);
    const account = existing(ledger, addressParam(params, 0), commitment, 'account');
    const token = readTokenAccount(account);
    if (token === undefined) throw invalidParams('Invalid param: not a Token account');
    const mint = mintAt(ledger, token.mint, commitment);
    return withContext(block, tokenAmount(token.amount, mint.decimals));
  },
  getTokenSupply: ({ ledger }, params) => {
    const { block, commitment } = readContext(ledger, params, 1);
    const mint = mintAt(ledger, addressParam(params, 0), commitment);
    return withContext(block, tokenAmount(mint.supply, mint.decimals));
  },
  getTokenAccountsByOwner: ({ ledger }, params) => {
    const { block, commitment, config } = readContext(ledger, params, 2);
    const owner = addressParam(params, 0);
    const how = accountEncoding(config);
    const { programs, mint } = tokenFilter(ledger, configParam(params, 1), commitment);
    const read = (address: Address) => ledger.getAccount(address, commitment);
    const found = programs
      .flatMap((program) => ledger.getProgramAccounts(program, commitment))
      .filter((account) => {
        const token = readTokenAccount(account);
        return token !== undefined && token.owner === owner && (mint === undefined || token.mint === mint);
      })
      .map((account) => ({
        pubkey: account.address,
        account: encodeAccount({ exists: true, ...account }, how, read),
      }));
    return withContext(block, found);
  },
};

function tokenFilter(
  ledger: Ledger,
  filter: ReturnType<typeof configParam>,
  commitment: Commitment,
): { readonly programs: readonly Address[]; readonly mint: Address | undefined } {
  if (filter.mint !== undefined) {
    const mint = toAddress(filter.mint);
    const account = existing(ledger, mint, commitment, 'mint');
    if (readMint(account) === undefined) throw invalidParams('Invalid param: not a Token mint');
    return { programs: [account.programAddress], mint };
  }
  if (filter.programId === undefined) throw invalidParams('Invalid params: expected mint or programId');
  const program = toAddress(filter.programId);
  if (!TOKEN_PROGRAMS.has(program)) throw invalidParams('Invalid param: unrecognized Token program id');
  return { programs: [program], mint: undefined };
}

function mintAt(ledger: Ledger, address: Address, commitment: Commitment): Mint {
  const mint = readMint(existing(ledger, address, commitment, 'mint'));
  if (mint === undefined) throw invalidParams('Invalid param: not a Token mint');
  return mint;
}

function existing(ledger: Ledger, address: Address, commitment: Commitment, what: string): EncodedAccount {
  const account = ledger.getAccount(address, commitment);
  if (!account.exists) throw invalidParams(`Invalid param: could not find ${what}`);
  return account;
}
