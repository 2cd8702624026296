import { tokenAssetId } from './asset.ts';
import type { TokenInfo } from './chain-adapter.ts';
import { CHAINS, type Chain, nativeAsset } from './network.ts';

/** Most fraction digits a token may have (02 §2.3). */
export const TOKEN_DECIMALS_MAX = 18;

/** Stands for a symbol that must not be shown. */
export const UNNAMED_TOKEN = 'TOKEN';

const SYMBOL = /^[$A-Za-z][A-Za-z0-9.$_-]{0,9}$/;
const NATIVE_SYMBOLS: ReadonlySet<string> = new Set(CHAINS.map((chain) => nativeAsset(chain).symbol.toUpperCase()));

/** Whether a text has the form of a symbol: it can be read as nothing else. Intents hold no other. */
export const isSymbol = (text: string): boolean => SYMBOL.test(text);

/**
 * The symbol a token is shown with. Whoever makes a token chooses its symbol, so what could be read as something else
 * than a symbol (with spaces, brackets, line ends, digits at the front) or as the money of a chain is not shown at all.
 * The mint or contract beside it says which token it is.
 * @example shownSymbol('USDC') // "USDC"
 * @example shownSymbol('SOL to Me') // "TOKEN"
 */
export const shownSymbol = (symbol: string): string =>
  isSymbol(symbol) && !NATIVE_SYMBOLS.has(symbol.toUpperCase()) ? symbol : UNNAMED_TOKEN;

/**
 * Why a token cannot be paid with, or null: what was read of it must be what an intent can hold and people can read.
 * @param asked the mint or contract that was asked for
 */
export function tokenProblem(chain: Chain, asked: string, token: TokenInfo): string | null {
  const { decimals } = token;
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > TOKEN_DECIMALS_MAX) {
    return `A token must have between 0 and ${TOKEN_DECIMALS_MAX} decimals.`;
  }
  return isSameToken(chain, asked, token.address) ? null : 'The chain answered for another token.';
}

/** Whether two spellings name one token. */
export function isSameToken(chain: Chain, one: string, other: string): boolean {
  try {
    return tokenAssetId(chain, one) === tokenAssetId(chain, other);
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
