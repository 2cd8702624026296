import type { WAIaaSClient } from '../client.ts';
import { localError, WAIaaSError } from '../error.ts';
import { paidHash } from '../paid-hash.ts';
import { chainIdOf } from './chain-ids.ts';
import { type AgentWalletPlace, paymentOf } from './payment-of.ts';
import { AgentProviderError } from './provider-error.ts';

/** A request as EIP-1193 has it. */
export interface ProviderRequest {
  readonly method: string;
  readonly params?: unknown;
}

/** What answers requests to a chain: a node, or a provider in front of one. */
export interface Node {
  request(request: ProviderRequest): Promise<unknown>;
}

/** How a provider reads and waits. */
export interface AgentProviderOptions {
  /** Milliseconds that a payment may take that is delayed or waits for the owner. Default 120,000. */
  readonly timeout?: number | undefined;
  /** Where everything goes that only reads: receipts, balances, calls. Without it only account and chain are answered. */
  readonly node?: Node | undefined;
}

/** The wallet of an agent as a provider of EIP-1193. */
export interface AgentProvider extends Node {
  /** Address of the agent's wallet. */
  readonly address: `0x${string}`;
  readonly chainId: number;
  /** @throws AgentProviderError, or what the node throws */
  request(request: ProviderRequest, options?: { readonly signal?: AbortSignal | undefined }): Promise<unknown>;
}

/** Names of what belongs to a wallet and never to a node, some of which keep keys of their own. */
const OF_WALLETS = /^(?:wallet|personal|account)_|^eth_(?:sign|send|accounts$|requestAccounts$|coinbase$)/;

const refusal = (code: string, message: string): WAIaaSError =>
  new WAIaaSError({ code, message, statusCode: 0, retryable: false });

/**
 * The wallet of an agent as a provider of EIP-1193, for whatever takes one: viem, ethers, wagmi. `eth_sendTransaction` asks
 * the daemon for a payment, within the policies of its owner; the hash that is answered is of the transaction that the
 * daemon made of it.
 *
 * A transaction must be one payment: of the native asset without data, or a call of `transfer(address,uint256)` of a token.
 * What it says of fees is left out: they are the daemon's to choose. Anything else is refused with NOT_A_PAYMENT, which says
 * what, before anything is sent; so is everything that signs. Two requests are two payments, however alike they are.
 *
 * @throws WAIaaSError, as the agent's client does; INVALID_ARGUMENT for an agent of another chain
 * @example
 * const provider = new BrowserProvider(await createAgentProvider(client, { node })); // ethers
 */
export async function createAgentProvider(
  client: WAIaaSClient,
  { timeout, node }: AgentProviderOptions = {},
): Promise<AgentProvider> {
  const wallet = await client.getAddress();
  if (wallet.chain === 'solana') throw localError('INVALID_ARGUMENT', `The agent's wallet is on ${wallet.chain}`);
  const known = chainIdOf(wallet.chain, wallet.network);
  const digits = /^0x([0-9a-fA-F]{40})$/.exec(wallet.address)?.[1];
  if (known === undefined || digits === undefined) {
    throw localError('INVALID_ARGUMENT', `This version knows no chain id of ${wallet.chain} ${wallet.network}`);
  }
  const chainId = known;
  const place: AgentWalletPlace & { readonly address: `0x${string}` } = { address: `0x${digits}`, chainId };

  async function send(request: unknown, signal: AbortSignal | undefined): Promise<string> {
    const payment = await client.sendToken(paymentOf(request, place), { signal });
    return paidHash(client, payment, { timeout, signal });
  }

  function switchChain(wanted: unknown): null {
    const id = typeof wanted === 'object' && wanted !== null && 'chainId' in wanted ? wanted.chainId : undefined;
    if (typeof id === 'string' && Number(id) === chainId) return null;
    throw refusal('OTHER_CHAIN', `The agent's wallet is on chain ${chainId} and on no other.`);
  }

  async function answer({ method, params }: ProviderRequest, signal: AbortSignal | undefined): Promise<unknown> {
    const [first]: readonly unknown[] = Array.isArray(params) ? params : [];
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return [place.address];
      case 'eth_chainId':
        return `0x${chainId.toString(16)}`;
      case 'net_version':
        return String(chainId);
      case 'wallet_switchEthereumChain':
        return switchChain(first);
      case 'eth_sendTransaction':
      case 'wallet_sendTransaction':
        return send(first, signal);
    }
    if (OF_WALLETS.test(method)) {
      throw refusal(
        'METHOD_NOT_SUPPORTED',
        `${method} is not for an agent: its session can pay and signs nothing else.`,
      );
    }
    if (node === undefined) throw refusal('METHOD_NOT_SUPPORTED', `${method} is for a node, and none was given.`);
    return node.request({ method, params });
  }

  return Object.freeze<AgentProvider>({
    ...place,
    async request(request, { signal } = {}) {
      try {
        return await answer(request, signal);
      } catch (error) {
        throw error instanceof WAIaaSError ? new AgentProviderError(error) : error;
      }
    },
  });
}
