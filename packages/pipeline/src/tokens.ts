import {
  type Chain,
  type IChainAdapter,
  type Intent,
  isChainError,
  isTokenReader,
  isWalletAddress,
  type Network,
  shownSymbol,
  type TokenInfo,
  tokenProblem,
  WaiaasError,
} from '@waiaas/core';
import { chainRefusal } from './chain-refusal.ts';
import type { PipelineDependencies } from './dependencies.ts';
import type { Refusal } from './refusal.ts';

/** Where a token is asked for. */
export interface TokenPlace {
  readonly chain: Chain;
  readonly network: Network;
}

/**
 * What a token is, as an intent holds it: read from the chain, checked, and with the symbol it is shown with.
 * @param address the mint or contract in any spelling
 * @throws WaiaasError INVALID_TOKEN_MINT, UNSUPPORTED_TOKEN, CHAIN_NOT_SUPPORTED, ADAPTER_NOT_AVAILABLE, CHAIN_ERROR
 */
export async function readToken(
  { adapters }: Pick<PipelineDependencies, 'adapters'>,
  { chain, network }: TokenPlace,
  address: string,
): Promise<TokenInfo> {
  const details = { chain, network, tokenMint: address };
  if (!isWalletAddress(chain, address)) throw new WaiaasError('INVALID_TOKEN_MINT', { details });
  const adapter = adapters.find(chain, network);
  if (adapter === undefined) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
  if (!isTokenReader(adapter)) {
    throw new WaiaasError('UNSUPPORTED_TOKEN', { message: 'This daemon pays no tokens on that chain.', details });
  }
  if (!adapter.isConnected()) throw new WaiaasError('ADAPTER_NOT_AVAILABLE', { details: { chain, network } });
  try {
    const token = await adapter.getToken(address);
    const problem = tokenProblem(chain, address, token);
    if (problem !== null) throw new WaiaasError('UNSUPPORTED_TOKEN', { message: problem, details });
    return { address: token.address, decimals: token.decimals, symbol: shownSymbol(token.symbol) };
  } catch (error) {
    if (!isChainError(error)) throw error;
    const { code, message, retryable } = chainRefusal(error);
    throw new WaiaasError(code, {
      ...(message === undefined ? {} : { message }),
      details: { ...details, chainCode: error.code },
      ...(retryable === undefined ? {} : { retryable }),
      cause: error,
    });
  }
}

/**
 * Why a token payment that was admitted must not be built now, or null: the token is no longer the one that was judged and
 * approved, so its amount would be another one.
 * @throws ChainError when the chain cannot tell
 */
export async function tokenObjection(
  adapter: IChainAdapter,
  { chain, token }: Pick<Intent, 'chain' | 'token'>,
): Promise<Refusal | null> {
  if (token === null) return null;
  if (!isTokenReader(adapter)) return { code: 'UNSUPPORTED_TOKEN', token: 'UNSUPPORTED_TOKEN' };
  const now = await adapter.getToken(token.address);
  if (tokenProblem(chain, token.address, now) === null && now.decimals === token.decimals) return null;
  return {
    code: 'UNSUPPORTED_TOKEN',
    token: 'TOKEN_CHANGED',
    message: 'The token is not what it was when the payment was admitted; nothing was paid.',
    details: { tokenMint: token.address, admittedDecimals: token.decimals, decimals: now.decimals },
    retryable: false,
  };
}

/** What an address holds of what an intent pays, base units. @throws ChainError when the chain cannot tell */
export async function balanceOfAsset(
  adapter: IChainAdapter,
  { from, token }: Pick<Intent, 'from' | 'token'>,
): Promise<bigint | null> {
  if (token === null) return (await adapter.getBalance(from)).balance;
  return isTokenReader(adapter) ? adapter.getTokenBalance(from, token) : null;
}
