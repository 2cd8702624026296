import type { ContractToken, ReplacementWorld, SweepWorld } from '@waiaas/adapter-contract';
import { type Anvil, type FlakyProxy, startFlakyProxy, type TestContract } from '@waiaas/anvil';
import type { SignedTransaction } from '@waiaas/core';
import { encodeFunctionData, type Hex, parseAbi } from 'viem';
import type { EvmAdapter } from '../src/adapter.ts';
import { readSigned } from '../src/payment-bytes.ts';
import { createWallet, createWorld, ETHER, type World } from './world.ts';

const API_KEY = 'k3y-0f-the-0perator';
const TRANSFER = parseAbi(['function transfer(address to, uint256 amount)']);
const SUPPLY = 10n ** 30n;
/** Offers are about twice the price of their moment and a tip. */
const dearerThan = (baseFee: bigint): bigint => baseFee * 8n + ETHER / 10n ** 8n;

const devAccount = async (anvil: Anvil): Promise<string> => {
  const [first] = await anvil.rpc<string[]>('eth_accounts');
  if (first === undefined) throw new Error('The node has no account');
  return first;
};

/** Waits until the node has made the block of a transaction. */
async function mined(anvil: Anvil, hash: string): Promise<void> {
  while ((await anvil.rpc('eth_getTransactionReceipt', hash)) === null) await Promise.resolve();
}

/** A token whose supply a test account hands out. */
async function deployToken(
  { anvil, adapter }: Pick<World, 'anvil' | 'adapter'>,
  contract: TestContract,
): Promise<ContractToken> {
  const from = await devAccount(anvil);
  const to = await anvil.deploy(contract, { symbol: 'TEST', decimals: 6, holder: from, supply: SUPPLY });
  return {
    info: await adapter.getToken(to),
    async mint(address, amount) {
      const data = encodeFunctionData({ abi: TRANSFER, functionName: 'transfer', args: [address as Hex, amount] });
      await mined(anvil, await anvil.rpc('eth_sendTransaction', { from, to, data }));
    },
  };
}

/** Uses the nonce of a signed transaction for something else. */
async function outlive(anvil: Anvil, { bytes }: SignedTransaction): Promise<void> {
  const signed = await readSigned(bytes);
  if (signed === null) throw new Error('not a signed transaction');
  const { sender: from, fields } = signed;
  await anvil.rpc('anvil_impersonateAccount', from);
  const nonce = `0x${fields.nonce.toString(16)}`;
  const to = createWallet().address;
  await mined(anvil, await anvil.rpc('eth_sendTransaction', { from, to, value: '0x1', nonce }));
}

/** Sends coins where none are taken. */
async function failOnChain(anvil: Anvil): Promise<string> {
  const [from, to] = [await devAccount(anvil), await anvil.deploy('Refuser')];
  const hash = await anvil.rpc<string>('eth_sendTransaction', { from, to, value: '0x1', gas: '0x186a0' });
  await mined(anvil, hash);
  return hash;
}

/** Records what is signed at once, as whoever stores signed bytes before sending them does. */
const recording = (world: World): EvmAdapter => ({
  ...world.adapter,
  async signTransaction(transaction, sign) {
    const signed = await world.adapter.signTransaction(transaction, sign);
    world.record.add(transaction.request.from, signed);
    return signed;
  },
});

/** A fresh node with tokens and an adapter on it, as the contract tries them. */
export async function openContractWorld(): Promise<SweepWorld & ReplacementWorld> {
  let line: FlakyProxy | undefined;
  const world = await createWorld({
    timeouts: { readMs: 3_000, sendMs: 3_000 },
    // Some promises are about twenty transactions that are signed before the first is sent.
    signedMs: 20,
    through: async (anvil) => {
      line = await startFlakyProxy(anvil.url);
      return [`${line.url}/v2/${API_KEY}`];
    },
  });
  if (line === undefined) throw new Error('There is no way to the node');
  const proxy = line;
  const { anvil } = world;
  const kinds = [await deployToken(world, 'Token'), await deployToken(world, 'SilentToken')] as const;
  await world.adapter.disconnect();
  const adapter = recording(world);
  const all = (mode: 'drop' | 'hang' | 'pass') => () => {
    proxy.decide = () => mode;
  };
  return {
    adapter,
    payment: ETHER / 100n,
    notAddresses: [
      'abc',
      '0x12',
      '0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      '5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      'So11111111111111111111111111111111111111112',
    ],
    secrets: [API_KEY],
    createWallet: async () => createWallet(),
    fund: async (address, amount) => anvil.fund(address, (await anvil.balance(address)) + amount),
    advance: (blocks) => anvil.mine(blocks),
    outlive: (signed) => outlive(anvil, signed),
    failOnChain: () => failOnChain(anvil),
    faults: {
      loseNextSubmitAnswer() {
        proxy.decide = (method) => {
          if (method !== 'eth_sendRawTransaction') return 'pass';
          all('pass')();
          return 'lose-answer';
        };
      },
      cut: all('drop'),
      silence: all('hang'),
      restore: all('pass'),
    },
    sweeper: adapter,
    replacer: adapter,
    async outprice() {
      const { baseFeePerGas } = await anvil.rpc<{ readonly baseFeePerGas: string }>(
        'eth_getBlockByNumber',
        'latest',
        false,
      );
      await anvil.rpc('anvil_setNextBlockBaseFeePerGas', `0x${dearerThan(BigInt(baseFeePerGas)).toString(16)}`);
      await anvil.mine();
      // Prices are held for a moment.
      world.clock.advance(60_000);
    },
    tokens: { reader: adapter, kinds, noTokens: [createWallet().address, await anvil.deploy('Counter')] },
    async close() {
      await world.close();
      await proxy.close();
    },
  };
}
