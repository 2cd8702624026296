import { address, generateKeyPairSigner, type KeyPairSigner } from '@solana/kit';
import { getCreateAccountInstruction } from '@solana-program/system';
import {
  findAssociatedTokenPda,
  getCreateAssociatedTokenIdempotentInstruction,
  getInitializeMint2Instruction,
  getMintSize,
  getMintToInstruction,
  getTransferCheckedInstruction,
  TOKEN_PROGRAM_ADDRESS,
} from '@solana-program/token';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, call, connect, someAddress } from './client.ts';

const TOKEN_2022 = address('TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb');
const DECIMALS = 6;
const MINTED = 2n ** 63n;

describe.each([
  ['Token', TOKEN_PROGRAM_ADDRESS],
  ['Token-2022', TOKEN_2022],
])('%s', (_name, tokenProgram) => {
  let client: Client;
  let mint: KeyPairSigner;
  const ata = async (owner: ReturnType<typeof address>) =>
    (await findAssociatedTokenPda({ mint: mint.address, owner, tokenProgram }))[0];

  beforeAll(async () => {
    client = await connect();
    mint = await generateKeyPairSigner();
    const { payer, rpc } = client;
    const space = BigInt(getMintSize());
    const create = await client.sign([
      getCreateAccountInstruction({
        payer,
        newAccount: mint,
        space,
        lamports: await rpc.getMinimumBalanceForRentExemption(space).send(),
        programAddress: tokenProgram,
      }),
      getInitializeMint2Instruction(
        { mint: mint.address, decimals: DECIMALS, mintAuthority: payer.address },
        { programAddress: tokenProgram },
      ),
    ]);
    await rpc.sendTransaction(create.wire, { encoding: 'base64' }).send();
    const source = await ata(payer.address);
    const fill = await client.sign([
      getCreateAssociatedTokenIdempotentInstruction({
        payer,
        ata: source,
        owner: payer.address,
        mint: mint.address,
        tokenProgram,
      }),
      getMintToInstruction(
        { mint: mint.address, token: source, mintAuthority: payer, amount: MINTED },
        { programAddress: tokenProgram },
      ),
    ]);
    await rpc.sendTransaction(fill.wire, { encoding: 'base64' }).send();
    client.localnet.advanceSlots(1);
  });
  afterAll(() => client.localnet.close());

  test('transferChecked into a new associated account moves the exact amount', async () => {
    const { payer, rpc, localnet } = client;
    const owner = await someAddress();
    const [source, destination] = [await ata(payer.address), await ata(owner)];
    const move = await client.sign([
      getCreateAssociatedTokenIdempotentInstruction({
        payer,
        ata: destination,
        owner,
        mint: mint.address,
        tokenProgram,
      }),
      getTransferCheckedInstruction(
        { source, mint: mint.address, destination, authority: payer, amount: 1_500_000n, decimals: DECIMALS },
        { programAddress: tokenProgram },
      ),
    ]);
    await rpc.sendTransaction(move.wire, { encoding: 'base64' }).send();
    localnet.advanceSlots(1);

    const { value: balance } = await rpc.getTokenAccountBalance(destination).send();
    expect(balance).toMatchObject({ amount: '1500000', decimals: DECIMALS, uiAmountString: '1.5' });
    const landed = await rpc
      .getTransaction(move.signature, { commitment: 'confirmed', encoding: 'json', maxSupportedTransactionVersion: 0 })
      .send();
    expect(landed?.meta?.err).toBeNull();
    expect(landed?.meta?.preTokenBalances?.map(({ uiTokenAmount }) => uiTokenAmount.amount)).toEqual([
      MINTED.toString(),
    ]);
    const after = landed?.meta?.postTokenBalances?.map(({ uiTokenAmount }) => uiTokenAmount.amount);
    expect(new Set(after)).toEqual(new Set([(MINTED - 1_500_000n).toString(), '1500000']));
  });

  test('getTokenAccountsByOwner finds the account by mint and by program, parsed or in base64', async () => {
    const { payer, rpc } = client;
    const source = await ata(payer.address);
    const byMint = await rpc
      .getTokenAccountsByOwner(payer.address, { mint: mint.address }, { encoding: 'jsonParsed' })
      .send();
    expect(byMint.value).toHaveLength(1);
    expect(byMint.value[0]?.pubkey).toBe(source);
    expect(byMint.value[0]?.account.data.parsed.info).toMatchObject({ mint: mint.address, owner: payer.address });
    const byProgram = await rpc
      .getTokenAccountsByOwner(payer.address, { programId: tokenProgram }, { encoding: 'base64' })
      .send();
    expect(byProgram.value.map(({ pubkey }) => pubkey)).toEqual([source]);
    const nobody = await rpc
      .getTokenAccountsByOwner(await someAddress(), { mint: mint.address }, { encoding: 'base64' })
      .send();
    expect(nobody.value).toEqual([]);
  });

  test('a supply above 2^53 survives in every digit', async () => {
    const { value } = await client.rpc.getTokenSupply(mint.address).send();
    expect(value.amount).toBe(MINTED.toString());
  });

  test('wrong decimals fail in the program with custom error 0x12', async () => {
    const { payer } = client;
    const source = await ata(payer.address);
    const wrong = await client.sign([
      getTransferCheckedInstruction(
        { source, mint: mint.address, destination: source, authority: payer, amount: 1n, decimals: 9 },
        { programAddress: tokenProgram },
      ),
    ]);
    const reply = await call(client.localnet, 'simulateTransaction', wrong.wire, {
      encoding: 'base64',
      commitment: 'confirmed',
    });
    expect(reply).toMatchObject({ result: { value: { err: { InstructionError: [0, { Custom: 0x12 }] } } } });
  });

  test('an address that is no token account or mint is refused by name', async () => {
    const missing = await call(client.localnet, 'getTokenAccountBalance', await someAddress());
    expect(missing).toMatchObject({ error: { code: -32602, message: 'Invalid param: could not find account' } });
    const wallet = await call(client.localnet, 'getTokenAccountBalance', client.payer.address);
    expect(wallet).toMatchObject({ error: { code: -32602, message: 'Invalid param: not a Token account' } });
    const filter = await call(client.localnet, 'getTokenAccountsByOwner', client.payer.address, {
      programId: client.payer.address,
    });
    expect(filter).toMatchObject({ error: { code: -32602 } });
  });
});
