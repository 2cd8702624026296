import {
  type Address,
  address,
  createSolanaRpc,
  type EncodedAccount,
  fetchEncodedAccount,
  getAddressEncoder,
  getProgramDerivedAddress,
  lamports,
} from '@solana/kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { METADATA_PROGRAM } from '../src/programs.ts';
import { shortened } from '../src/token-symbol.ts';
import {
  describeToken,
  EXTENSIONS,
  openTreasury,
  type TestToken,
  TOKEN_2022_PROGRAM,
  type Treasury,
} from './tokens.ts';
import { createWallet, createWorld, SOL, type Wallet, type World } from './world.ts';

let world: World;
let treasury: Treasury;
let owner: Wallet;

beforeEach(async () => {
  world = await createWorld();
  treasury = await openTreasury(world.localnet);
  owner = await world.funded(3n * SOL);
});
afterEach(() => world.close());

const SOL_ASSET = { balance: 3n * SOL, decimals: 9, symbol: 'SOL' };
const assetOf = ({ info }: TestToken, balance: bigint) => ({
  token: info,
  balance,
  decimals: info.decimals,
  symbol: info.symbol,
});

describe('what a wallet holds', () => {
  test('is its lamports first, then tokens of both programs, the largest first, whatever account they are in', async () => {
    const [small, large, newer] = [
      await treasury.createToken(),
      await treasury.createToken({ decimals: 2 }),
      await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions: [EXTENSIONS.metadataPointer] }),
    ];
    await small.mint(owner.address, 5n);
    await large.mint(owner.address, 100n);
    await large.mintAside(owner.address, 900n);
    await newer.mintAside(owner.address, 70n);
    expect(await world.adapter.listAssets(owner.address)).toEqual([
      SOL_ASSET,
      assetOf(large, 1_000n),
      assetOf(newer, 70n),
      assetOf(small, 5n),
    ]);
  });

  test('leaves out what is empty, what is refused, and what others hold', async () => {
    const [empty, refused, good] = [
      await treasury.createToken(),
      await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions: [EXTENSIONS.permanentDelegate] }),
      await treasury.createToken(),
    ];
    await empty.mint(owner.address, 0n);
    await refused.mint(owner.address, 10n ** 12n);
    await good.mint(owner.address, 1n);
    await good.mint((await createWallet()).address, 9n);
    expect(await world.adapter.listAssets(owner.address)).toEqual([SOL_ASSET, assetOf(good, 1n)]);
    await expect(world.adapter.getTokenBalance(owner.address, refused.info)).rejects.toMatchObject({
      code: 'UNSUPPORTED_TOKEN',
    });
  });

  test('of very many tokens names those that are known and the largest', async () => {
    const wanted = await treasury.createToken();
    await wanted.mint(owner.address, 1n);
    const spam = await treasury.createToken();
    const mint = await account(address(spam.info.address));
    for (let index = 0; index < 300; index += 1) {
      const [copy, holding] = [(await createWallet()).address, (await createWallet()).address];
      world.localnet.setAccount({ ...mint, address: copy });
      world.localnet.setAccount({
        ...mint,
        address: holding,
        data: holdingOf(copy, owner.address, 1_000n),
        space: 165n,
      });
    }
    const listed = await world.adapter.listAssets(owner.address, [wanted.info.address, 'nonsense', '']);
    expect(listed).toHaveLength(257);
    expect(listed[0]).toEqual(SOL_ASSET);
    expect(listed.at(-1)).toEqual(assetOf(wanted, 1n));
  });

  test('is not invented when a node cannot be asked', async () => {
    world.localnet.faults.add({ type: 'rpcError', method: 'getTokenAccountsByOwner', code: -32603 });
    await expect(world.adapter.listAssets(owner.address)).rejects.toMatchObject({ code: 'RPC_ERROR', retryable: true });
  });
});

async function account(of: Address): Promise<EncodedAccount> {
  const found = await fetchEncodedAccount(createSolanaRpc(world.localnet.rpcUrl), of, { commitment: 'confirmed' });
  if (!found.exists) throw new Error('no such account');
  return found;
}

function holdingOf(mint: Address, holder: Address, amount: bigint): Uint8Array {
  const data = new Uint8Array(165);
  data.set(getAddressEncoder().encode(mint), 0);
  data.set(getAddressEncoder().encode(holder), 32);
  new DataView(data.buffer).setBigUint64(64, amount, true);
  data[108] = 1;
  return data;
}

describe('symbols', () => {
  const text = (value: string): readonly number[] => {
    const bytes = [...new TextEncoder().encode(value)];
    return [bytes.length, 0, 0, 0, ...bytes];
  };

  async function writeRecord(of: Address, symbol: string, about: Address = of): Promise<void> {
    const encode = (key: Address) => getAddressEncoder().encode(key);
    const [record] = await getProgramDerivedAddress({
      programAddress: METADATA_PROGRAM,
      seeds: ['metadata', encode(METADATA_PROGRAM), encode(of)],
    });
    const data = Uint8Array.from([4, ...encode(of), ...encode(about), ...text('A Token\0\0'), ...text(symbol), 0, 0]);
    world.localnet.setAccount({
      address: record,
      data,
      executable: false,
      lamports: lamports(5_000_000n),
      programAddress: METADATA_PROGRAM,
      space: BigInt(data.length),
    });
  }

  const symbolOf = async (token: TestToken) => (await world.adapter.getToken(token.info.address)).symbol;

  test('come from the metadata of the mint', async () => {
    const token = await treasury.createToken();
    await writeRecord(address(token.info.address), 'USDC\0\0\0\0\0\0');
    expect(await symbolOf(token)).toBe('USDC');
  });

  test('come from the mint itself under Token-2022, and such a mint is paid like any other', async () => {
    const token = await treasury.createToken({ program: TOKEN_2022_PROGRAM, extensions: [EXTENSIONS.metadataPointer] });
    const mint = address(token.info.address);
    world.localnet.airdrop(mint, SOL);
    await treasury.run([describeToken(mint, treasury.payer, 'PYUSD')]);
    const info = await world.adapter.getToken(mint);
    expect(info).toEqual({ address: mint, decimals: 6, symbol: 'PYUSD' });
    await token.mint(owner.address, 9n);
    const to = (await createWallet()).address;
    const signed = await world.signed(owner, { to, amount: 2n, token: info });
    await world.adapter.submitTransaction(signed);
    expect(await world.adapter.waitForConfirmation(signed.txHash)).toMatchObject({ verdict: 'confirmed' });
    expect(await world.adapter.getTokenBalance(to, info)).toBe(2n);
  });

  test.each(['', 'two words', 'USDС', '‮CDSU', 'ELEVENCHARS', '\n', 'a\u0000b'])(
    '%j could be misread and is replaced by the address',
    async (symbol) => {
      const token = await treasury.createToken();
      await writeRecord(address(token.info.address), symbol);
      expect(await symbolOf(token)).toBe(shortened(token.info.address));
    },
  );

  test('of another mint are not borrowed, and broken records do no harm', async () => {
    const [token, other] = [await treasury.createToken(), await treasury.createToken()];
    await writeRecord(address(token.info.address), 'FAKE', address(other.info.address));
    expect(await symbolOf(token)).toBe(shortened(token.info.address));
  });

  test('are asked for once an hour', async () => {
    const token = await treasury.createToken();
    await symbolOf(token);
    await writeRecord(address(token.info.address), 'LATE');
    expect(await symbolOf(token)).toBe(shortened(token.info.address));
    world.clock.advance(3_600_001);
    expect(await symbolOf(token)).toBe('LATE');
  });
});
