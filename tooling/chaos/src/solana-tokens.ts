import { type Address, address, getAddressEncoder, getProgramDerivedAddress, lamports } from '@solana/kit';
import type { Localnet } from '@waiaas/localnet';
import { z } from 'zod';

const TOKEN_PROGRAM = address('TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA');
const ASSOCIATED_TOKEN_PROGRAM = address('ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL');
const MINT_RENT = 1_461_600n;
const ACCOUNT_RENT = 2_039_280n;
const DECIMALS = 6;

const bytesOf = (of: string): Uint8Array => Uint8Array.from(getAddressEncoder().encode(address(of)));

function put(ledger: Localnet, at: Address, data: Uint8Array, held: bigint): void {
  ledger.setAccount({
    address: at,
    data,
    executable: false,
    lamports: lamports(held),
    programAddress: TOKEN_PROGRAM,
    space: BigInt(data.length),
  });
}

/** Puts a token on the ledger, as its program would have set it up. */
export function createMint(ledger: Localnet, mint: Address): void {
  const data = new Uint8Array(82);
  new DataView(data.buffer).setBigUint64(36, 10n ** 15n, true);
  data.set([DECIMALS, 1], 44);
  put(ledger, mint, data, MINT_RENT);
}

/** The account of a wallet for a token. */
export const accountOf = async (mint: Address, owner: string): Promise<Address> =>
  (
    await getProgramDerivedAddress({
      programAddress: ASSOCIATED_TOKEN_PROGRAM,
      seeds: [bytesOf(owner), bytesOf(TOKEN_PROGRAM), bytesOf(mint)],
    })
  )[0];

/** Gives a wallet an account of a token that holds this much. */
export async function giveTokens(ledger: Localnet, mint: Address, owner: string, amount: bigint): Promise<void> {
  const data = new Uint8Array(165);
  data.set(bytesOf(mint), 0);
  data.set(bytesOf(owner), 32);
  new DataView(data.buffer).setBigUint64(64, amount, true);
  data[108] = 1;
  put(ledger, await accountOf(mint, owner), data, ACCOUNT_RENT);
}

const answerSchema = z.object({ result: z.object({ value: z.unknown() }) });

/** Asks the ledger itself. */
export async function askLedger(ledger: Localnet, method: string, ...params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(ledger.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return answerSchema.parse(await response.json()).result.value;
}

/** Lamports of an address. */
export const lamportsOf = async (ledger: Localnet, of: string): Promise<bigint> =>
  BigInt(z.int().parse(await askLedger(ledger, 'getBalance', of)));

/** What the account of a wallet for a token holds; null when it has none. */
export async function tokensOf(ledger: Localnet, mint: Address, owner: string): Promise<bigint | null> {
  const account = await askLedger(ledger, 'getAccountInfo', await accountOf(mint, owner), { encoding: 'base64' });
  if (account === null) return null;
  const [data] = z.object({ data: z.tuple([z.string(), z.literal('base64')]) }).parse(account).data;
  return Buffer.from(data, 'base64').readBigUInt64LE(64);
}
