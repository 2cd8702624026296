import {
  type Base64EncodedWireTransaction,
  type Blockhash,
  generateKeyPairSigner,
  getBase58Decoder,
  getBase64EncodedWireTransaction,
  getTransactionEncoder,
  isSolanaError,
  SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM,
  SOLANA_ERROR__JSON_RPC__INVALID_PARAMS,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE,
  SOLANA_ERROR__JSON_RPC__SERVER_ERROR_TRANSACTION_SIGNATURE_VERIFICATION_FAILURE,
  SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_NOT_FOUND,
  SOLANA_ERROR__TRANSACTION_ERROR__ALREADY_PROCESSED,
  SOLANA_ERROR__TRANSACTION_ERROR__BLOCKHASH_NOT_FOUND,
  SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_FEE,
  SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_RENT,
  type SolanaErrorCode,
  signatureBytes,
} from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, call, connect, rejection, type Signed, SOL, someAddress } from './client.ts';

describe('preflight', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connect();
  });
  afterAll(() => client.localnet.close());

  const send = ({ wire }: Pick<Signed, 'wire'>) => client.rpc.sendTransaction(wire, { encoding: 'base64' }).send();
  const expectPreflightFailure = async (signed: Pick<Signed, 'wire'>, code: SolanaErrorCode) => {
    const accepted = client.localnet.report().accepted.length;
    const error = await rejection(send(signed));
    expect(isSolanaError(error, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_SEND_TRANSACTION_PREFLIGHT_FAILURE)).toBe(true);
    const { cause } = error as Error;
    expect(isSolanaError(cause) && cause.context.__code).toBe(code);
    expect(client.localnet.report().accepted).toHaveLength(accepted);
    return error;
  };

  test('too little SOL: custom error 1 of the instruction, with logs and units', async () => {
    const error = await expectPreflightFailure(
      await client.signTransfer(await someAddress(), 10_000n * SOL),
      SOLANA_ERROR__INSTRUCTION_ERROR__CUSTOM,
    );
    expect(error).toMatchObject({
      context: {
        unitsConsumed: 150n,
        logs: expect.arrayContaining([expect.stringContaining('insufficient lamports')]),
      },
      cause: { context: { code: 1, index: 0 } },
    });
  });

  test('a recipient left below the rent minimum', async () => {
    const error = await expectPreflightFailure(
      await client.signTransfer(await someAddress(), 100_000n),
      SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_RENT,
    );
    expect(error).toMatchObject({ cause: { context: { accountIndex: 1 } } });
  });

  test('a fee payer that was never funded', async () => {
    const poor = await generateKeyPairSigner();
    const signed = await client.sign(
      [getTransferSolInstruction({ source: poor, destination: client.payer.address, amount: 1n })],
      poor,
    );
    await expectPreflightFailure(signed, SOLANA_ERROR__TRANSACTION_ERROR__ACCOUNT_NOT_FOUND);
  });

  test('a fee payer that cannot pay the fee', async () => {
    const poor = await generateKeyPairSigner();
    client.localnet.airdrop(poor.address, 4_000n);
    const signed = await client.sign(
      [getTransferSolInstruction({ source: poor, destination: client.payer.address, amount: 1n })],
      poor,
    );
    await expectPreflightFailure(signed, SOLANA_ERROR__TRANSACTION_ERROR__INSUFFICIENT_FUNDS_FOR_FEE);
  });

  test('the same transaction twice lands once', async () => {
    const to = await someAddress();
    const signed = await client.signTransfer(to, SOL);
    expect(await send(signed)).toBe(signed.signature);
    await expectPreflightFailure(signed, SOLANA_ERROR__TRANSACTION_ERROR__ALREADY_PROCESSED);
    // Without preflight a validator takes it again and nothing happens.
    await client.rpc.sendTransaction(signed.wire, { encoding: 'base64', skipPreflight: true }).send();
    expect((await client.rpc.getBalance(to, { commitment: 'processed' }).send()).value).toBe(SOL);
    expect(client.localnet.report().accepted.find(({ signature }) => signature === signed.signature)?.times).toBe(2);
  });

  test('a blockhash is good for exactly 150 blocks', async () => {
    const [last, late] = [
      await client.signTransfer(await someAddress(), SOL),
      await client.signTransfer(await someAddress(), SOL),
    ];
    const height = () => client.rpc.getBlockHeight({ commitment: 'confirmed' }).send();
    client.localnet.advanceSlots(Number(last.lastValidBlockHeight - (await height())));
    expect(await height()).toBe(last.lastValidBlockHeight);
    // The tip is one block ahead of the confirmed block that preflight looks at; landing is judged at the tip.
    await send(last);
    expect(client.localnet.report().landed.map(({ signature }) => signature)).not.toContain(last.signature);
    client.localnet.advanceSlots(1);
    await expectPreflightFailure(late, SOLANA_ERROR__TRANSACTION_ERROR__BLOCKHASH_NOT_FOUND);
  });

  test('a blockhash younger than the preflight commitment is not known yet', async () => {
    const { value: young } = await client.rpc.getLatestBlockhash({ commitment: 'processed' }).send();
    const known = (commitment: 'processed' | 'finalized') =>
      client.rpc.isBlockhashValid(young.blockhash, { commitment }).send();
    expect((await known('processed')).value).toBe(true);
    expect((await known('finalized')).value).toBe(false);
    expect((await client.rpc.isBlockhashValid('11111111111111111111111111111111' as Blockhash).send()).value).toBe(
      false,
    );
  });

  test('a forged signature is refused before anything else', async () => {
    const { transaction } = await client.signTransfer(await someAddress(), SOL);
    const signatures = { [client.payer.address]: signatureBytes(new Uint8Array(64).fill(7)) };
    const wire = getBase64EncodedWireTransaction({ ...transaction, signatures });
    const error = await rejection(send({ wire }));
    expect(isSolanaError(error, SOLANA_ERROR__JSON_RPC__SERVER_ERROR_TRANSACTION_SIGNATURE_VERIFICATION_FAILURE)).toBe(
      true,
    );
    // Without preflight it is accepted, as by a validator, and never lands.
    const landed = client.localnet.report().landed.length;
    await client.rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send();
    expect(client.localnet.report().landed).toHaveLength(landed);
  });

  test('what is no transaction, or too large for one, is refused', async () => {
    const garbage = Buffer.alloc(300, 7).toString('base64') as Base64EncodedWireTransaction;
    expect(isSolanaError(await rejection(send({ wire: garbage })), SOLANA_ERROR__JSON_RPC__INVALID_PARAMS)).toBe(true);
    const large = await call(client.localnet, 'sendTransaction', Buffer.alloc(1233).toString('base64'), {
      encoding: 'base64',
    });
    expect(large).toMatchObject({ error: { code: -32602, message: expect.stringContaining('too large: 1233 bytes') } });
    const larger = await call(client.localnet, 'sendTransaction', Buffer.alloc(1300).toString('base64'), {
      encoding: 'base64',
    });
    expect(larger).toMatchObject({ error: { code: -32602, message: expect.stringContaining('1644/1232') } });
  });

  test('base58 is the default encoding', async () => {
    const { transaction, signature } = await client.signTransfer(await someAddress(), SOL);
    const text = getBase58Decoder().decode(getTransactionEncoder().encode(transaction));
    expect(await call(client.localnet, 'sendTransaction', text, { preflightCommitment: 'processed' })).toMatchObject({
      result: signature,
    });
  });
});
