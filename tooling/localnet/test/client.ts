import {
  type Address,
  appendTransactionMessageInstructions,
  assertIsTransactionWithBlockhashLifetime,
  createSolanaRpc,
  createSolanaRpcSubscriptions,
  createTransactionMessage,
  generateKeyPairSigner,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  type Instruction,
  type KeyPairSigner,
  pipe,
  type Rpc,
  type RpcSubscriptions,
  type SolanaRpcApi,
  type SolanaRpcSubscriptionsApi,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import { type Localnet, type LocalnetOptions, startLocalnet } from '../src/index.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../src/json/json-value.ts';
import { parseJson } from '../src/json/parse-json.ts';

export const SOL = 1_000_000_000n;

/** A ledger with kit connected to it and one funded wallet. */
export interface Client {
  readonly localnet: Localnet;
  readonly rpc: Rpc<SolanaRpcApi>;
  readonly rpcSubscriptions: RpcSubscriptions<SolanaRpcSubscriptionsApi>;
  readonly payer: KeyPairSigner;
  /** Signs the instructions with a fresh blockhash. */
  sign(instructions: readonly Instruction[], payer?: KeyPairSigner): Promise<Signed>;
  /** Signs a transfer of lamports from the payer. */
  signTransfer(to: Address, amount: bigint): Promise<Signed>;
}

export type Signed = Awaited<ReturnType<typeof signInstructions>>;

/** Slots pass only by hand unless told otherwise. */
export async function connect(options: LocalnetOptions = { slotMs: 'manual' }): Promise<Client> {
  const localnet = await startLocalnet(options);
  const rpc = createSolanaRpc(localnet.rpcUrl);
  const rpcSubscriptions = createSolanaRpcSubscriptions(localnet.wsUrl);
  const payer = await generateKeyPairSigner();
  localnet.airdrop(payer.address, 1_000n * SOL);
  const sign: Client['sign'] = (instructions, signer = payer) => signInstructions(rpc, signer, instructions);
  return {
    localnet,
    rpc,
    rpcSubscriptions,
    payer,
    sign,
    signTransfer: (to, amount) => sign([getTransferSolInstruction({ source: payer, destination: to, amount })]),
  };
}

async function signInstructions(rpc: Rpc<SolanaRpcApi>, payer: KeyPairSigner, instructions: readonly Instruction[]) {
  const { value: latest } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
  const transaction = await pipe(
    createTransactionMessage({ version: 0 }),
    (message) => setTransactionMessageFeePayerSigner(payer, message),
    (message) => setTransactionMessageLifetimeUsingBlockhash(latest, message),
    (message) => appendTransactionMessageInstructions([...instructions], message),
    (message) => signTransactionMessageWithSigners(message),
  );
  assertIsTransactionWithBlockhashLifetime(transaction);
  return {
    transaction,
    signature: getSignatureFromTransaction(transaction),
    wire: getBase64EncodedWireTransaction(transaction),
    lastValidBlockHeight: latest.lastValidBlockHeight,
  };
}

/** A fresh address nobody holds the key of. */
export async function someAddress(): Promise<Address> {
  return (await generateKeyPairSigner()).address;
}

/** Posts raw text to the ledger; the body is undefined when it is not JSON. */
export async function post(url: string, text: string): Promise<{ status: number; headers: Headers; body: JsonValue }> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: text });
  const answer = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: response.status, headers: response.headers, body: isJson ? parseJson(answer) : answer };
}

/** Calls one method without kit in between; answers the whole JSON-RPC reply. */
export async function call(localnet: Localnet, method: string, ...params: JsonValue[]): Promise<JsonObject> {
  const { body } = await post(localnet.rpcUrl, JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
  if (!isJsonObject(body)) throw new Error(`no JSON-RPC reply: ${JSON.stringify(body)}`);
  return body;
}

/** Sends a control request. */
export async function control(localnet: Localnet, request: JsonObject) {
  return post(localnet.controlUrl, JSON.stringify(request));
}

/** The error something is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('expected a rejection');
    },
    (error: unknown) => error,
  );
}
