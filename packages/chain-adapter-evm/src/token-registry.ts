import type { TokenInfo } from '@waiaas/core';
import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, hexToString, parseAbi } from 'viem';
import type { EndpointPool, EvmNode } from './endpoint-pool.ts';
import { NodeFault } from './node-fault.ts';
import { printable } from './printable.ts';
import type { Refuse } from './refuse.ts';
import { dataOf } from './rpc-answer.ts';

const ABI = parseAbi([
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'function balanceOf(address owner) view returns (uint256)',
]);
const SYMBOL_LENGTH = 10;
/** A token whose symbol cannot be read still has an address, which is what counts. */
export const UNKNOWN_SYMBOL = 'UNKNOWN';
/** More digits than the domain counts in (02 §2.3). */
const MAX_DECIMALS = 18;
const CAPACITY = 100;
const WORD = /^0x[0-9a-f]{64}$/i;

/** Calls a view function of a contract; null when the contract has none such. @throws NodeFault */
async function view(node: EvmNode, to: Address, data: Hex): Promise<Hex | null> {
  try {
    const answer = dataOf(await node.request('eth_call', [{ to, data }, 'latest']), 'result');
    return answer === '0x' ? null : answer;
  } catch (error) {
    if (error instanceof NodeFault && error.fault.revertReason !== undefined) return null;
    throw error;
  }
}

/** Some old tokens return 32 bytes where others return a text. */
function readSymbol(answer: Hex | null): string {
  if (answer === null) return UNKNOWN_SYMBOL;
  try {
    const text = WORD.test(answer)
      ? hexToString(answer, { size: 32 })
      : decodeFunctionResult({ abi: ABI, functionName: 'symbol', data: answer });
    return printable(text, SYMBOL_LENGTH) || UNKNOWN_SYMBOL;
  } catch {
    // Anybody may return anything as a symbol; it identifies nothing.
    return UNKNOWN_SYMBOL;
  }
}

/**
 * Reads what a token is from its contract.
 * @throws ChainError INVALID_TOKEN, UNSUPPORTED_TOKEN
 * @throws NodeFault
 */
async function readToken(refuse: Refuse, node: EvmNode, address: Address): Promise<TokenInfo> {
  const details = { token: address };
  const [decimalsAnswer, symbolAnswer] = await Promise.all([
    view(node, address, encodeFunctionData({ abi: ABI, functionName: 'decimals' })),
    view(node, address, encodeFunctionData({ abi: ABI, functionName: 'symbol' })),
  ]);
  const decimals = decimalsAnswer !== null && WORD.test(decimalsAnswer) ? BigInt(decimalsAnswer) : null;
  if (decimals === null || decimals > 255n)
    throw refuse('INVALID_TOKEN', 'There is no token at that address', { details });
  if (decimals > BigInt(MAX_DECIMALS)) {
    throw refuse('UNSUPPORTED_TOKEN', `A token of ${decimals} decimals is not supported`, { details });
  }
  return { address, decimals: Number(decimals), symbol: readSymbol(symbolAnswer) };
}

/**
 * Balance of a token, base units.
 * @throws ChainError INVALID_TOKEN
 * @throws NodeFault
 */
export async function readTokenBalance(refuse: Refuse, node: EvmNode, token: Address, owner: Address): Promise<bigint> {
  const answer = await view(node, token, encodeFunctionData({ abi: ABI, functionName: 'balanceOf', args: [owner] }));
  if (answer !== null && WORD.test(answer)) return BigInt(answer);
  throw refuse('INVALID_TOKEN', 'There is no token at that address', { details: { token } });
}

/** What tokens are, read from the chain and remembered: neither decimals nor symbol of a token change. */
export interface TokenRegistry {
  /** @throws ChainError INVALID_TOKEN, UNSUPPORTED_TOKEN, RPC_ERROR, NETWORK_ERROR */
  get(address: Address): Promise<TokenInfo>;
}

/** How long a token is remembered, ms: contracts behind proxies do change, if rarely. */
const TTL_MS = 600_000;

/** Creates the memory of one connection; the least recently added go first. */
export function createTokenRegistry(pool: EndpointPool, refuse: Refuse, now: () => number): TokenRegistry {
  const known = new Map<Address, { readonly token: TokenInfo; readonly at: number }>();
  return {
    async get(address) {
      const entry = known.get(address);
      const age = entry === undefined ? -1 : now() - entry.at;
      if (entry !== undefined && age >= 0 && age <= TTL_MS) return entry.token;
      const at = now();
      const token = await pool.run((node) => readToken(refuse, node, address));
      known.delete(address);
      known.set(address, { token, at });
      const [oldest] = known.keys();
      if (known.size > CAPACITY && oldest !== undefined) known.delete(oldest);
      return token;
    },
  };
}
