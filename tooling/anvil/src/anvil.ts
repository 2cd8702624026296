import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { encodeDeployData, type Hex, parseAbi } from 'viem';
import { CONTRACT_CODE, type TestContract } from './contract-code.ts';
import { anvilBinary } from './node-binary.ts';

/** How a node behaves. */
export interface AnvilOptions {
  readonly chainId?: number;
  /** `auto` (default): a block for each transaction, at once. `manual`: blocks only when `mine` says so. */
  readonly mining?: 'auto' | 'manual';
  /** Half the number of blocks that `finalized` is behind. Default 1: a block is final two blocks later. */
  readonly slotsInAnEpoch?: number;
  /** Port; default any that is free. */
  readonly port?: number;
}

/** A running node. */
export interface Anvil {
  readonly url: string;
  readonly port: number;
  /** Calls a JSON-RPC method. @throws Error with the node's message */
  rpc<Result = unknown>(method: string, ...params: readonly unknown[]): Promise<Result>;
  /** Makes blocks. */
  mine(blocks?: number): Promise<void>;
  /** Gives an address this much, wei. */
  fund(address: string, wei: bigint): Promise<void>;
  /** Native balance, wei. */
  balance(address: string): Promise<bigint>;
  /** Puts a test contract on the chain. Tokens give their whole supply to the holder. */
  deploy(
    contract: TestContract,
    token?: { readonly symbol?: string; readonly decimals?: number; readonly holder: string; readonly supply: bigint },
  ): Promise<string>;
  /** Balance of a test token, base units. */
  tokenBalance(token: string, owner: string): Promise<bigint>;
  /** Stops and continues the process, so that it hangs like a node that does not answer. */
  freeze(): void;
  thaw(): void;
  /** Ends the node; any number of times. */
  stop(): Promise<void>;
}

/** How long a node may take to start, ms; far more than it needs. */
const START_MS = 30_000;
const TOKEN = parseAbi(['constructor(string symbol, uint8 decimals, address holder, uint256 supply)']);
const isToken = (contract: TestContract): boolean => contract.endsWith('Token');

async function listening(child: ChildProcess): Promise<string> {
  const started = Promise.withResolvers<string>();
  const timer = setTimeout(() => started.reject(new Error('anvil did not start in time')), START_MS);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    // Read to the end of its life: a full pipe would stop the node.
    if (output.length > 100_000) return;
    output += chunk.toString();
    const found = /Listening on (\S+)/.exec(output)?.[1];
    if (found !== undefined) started.resolve(`http://${found}`);
  });
  child.once('error', started.reject);
  child.once('exit', (code) => started.reject(new Error(`anvil ended with ${code}: ${output.slice(-500)}`)));
  return started.promise.finally(() => clearTimeout(timer));
}

/**
 * Starts an EVM node of its own for a test, on a free port of the loopback address. Its accounts hold play money.
 * @example
 * const anvil = await startAnvil();
 * await anvil.fund(address, 10n ** 18n);
 * await anvil.stop();
 */
export async function startAnvil(options: AnvilOptions = {}): Promise<Anvil> {
  const { chainId = 31_337, mining = 'auto', slotsInAnEpoch = 1, port = 0 } = options;
  const child = spawn(
    anvilBinary(),
    [
      ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(chainId), '--accounts', '1'],
      ...['--slots-in-an-epoch', String(slotsInAnEpoch), '--threads', '1', '--color', 'never'],
      ...(mining === 'manual' ? ['--no-mining'] : []),
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  const atExit = (): void => void child.kill('SIGKILL');
  process.once('exit', atExit);
  const ended = once(child, 'exit');
  let url: string;
  try {
    url = await listening(child);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }

  let calls = 0;
  async function rpc<Result>(method: string, ...params: readonly unknown[]): Promise<Result> {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: ++calls, method, params }),
    });
    const answer = JSON.parse(await response.text());
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  const mine = async (blocks = 1): Promise<void> => void (await rpc('anvil_mine', `0x${blocks.toString(16)}`));

  /** The node answers a transaction before it has made its block. */
  async function receiptOf(hash: string): Promise<{ contractAddress: string; status: string }> {
    for (;;) {
      const receipt = await rpc<{ contractAddress: string; status: string } | null>('eth_getTransactionReceipt', hash);
      if (receipt !== null) return receipt;
    }
  }

  return {
    url,
    port: Number(new URL(url).port),
    rpc,
    mine,
    fund: async (address, wei) => void (await rpc('anvil_setBalance', address, `0x${wei.toString(16)}`)),
    balance: async (address) => BigInt(await rpc<string>('eth_getBalance', address, 'latest')),
    async deploy(contract, token) {
      const [from] = await rpc<string[]>('eth_accounts');
      const { symbol = 'TEST', decimals = 6, holder = from, supply = 0n } = token ?? {};
      const bytecode = CONTRACT_CODE[contract];
      const data = isToken(contract)
        ? encodeDeployData({ abi: TOKEN, bytecode, args: [symbol, decimals, holder as Hex, supply] })
        : bytecode;
      const hash = await rpc<string>('eth_sendTransaction', { from, data });
      if (mining === 'manual') await mine();
      const { contractAddress, status } = await receiptOf(hash);
      if (status !== '0x1') throw new Error(`${contract} could not be deployed`);
      return contractAddress;
    },
    async tokenBalance(token, owner) {
      const data = `0x70a08231${owner.slice(2).toLowerCase().padStart(64, '0')}`;
      return BigInt(await rpc<string>('eth_call', { to: token, data }, 'latest'));
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      process.off('exit', atExit);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
