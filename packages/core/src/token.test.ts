import { describe, expect, test } from 'vitest';
import { isSameToken, isSymbol, shownSymbol, tokenProblem, UNNAMED_TOKEN } from './token.ts';

const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const CONTRACT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';

describe('the symbol of a token', () => {
  test.each(['USDC', 'wETH', 'USDC.e', '$WIF', 'T', 'a-b_c.d', UNNAMED_TOKEN])('%s is shown as it is', (symbol) => {
    expect(shownSymbol(symbol)).toBe(symbol);
    expect(isSymbol(symbol)).toBe(true);
  });

  test.each([
    ['nothing', ''],
    ['more than ten characters', 'ABCDEFGHIJK'],
    ['a sentence', 'A to B'],
    ['a recipient', ') to Me'],
    ['a line end', 'USDC\nNonce'],
    ['a second amount', '000'],
    ['an amount in front', '5USDC'],
    ['an escape', '\u001b[2K'],
    ['the letters of another script', 'UЅDC'],
    ['a sign of the other direction', '\u202eCDSU'],
    ['quotes', '"USDC"'],
    ['a percent sign', '%0aUSDC'],
    ['the money of a chain', 'SOL'],
    ['the money of a chain in small letters', 'eth'],
  ])('that has %s is not shown', (_what, symbol) => {
    expect(shownSymbol(symbol)).toBe(UNNAMED_TOKEN);
  });
});

describe('what is read of a token', () => {
  const token = (change: object) => ({ address: MINT, decimals: 6, symbol: 'USDC', ...change });

  test.each([0, 1, 6, 18])('%d decimals can be paid with', (decimals) => {
    expect(tokenProblem('solana', MINT, token({ decimals }))).toBeNull();
  });

  test.each([-1, 19, 255, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('%d decimals cannot', (decimals) => {
    expect(tokenProblem('solana', MINT, token({ decimals }))).toMatch(/decimals/);
  });

  test('must be of the token that was asked for, in whatever spelling', () => {
    const address = CONTRACT;
    for (const asked of [CONTRACT, CONTRACT.toLowerCase()]) {
      expect(tokenProblem('ethereum', asked, token({ address }))).toBeNull();
    }
    expect(tokenProblem('ethereum', CONTRACT.replace('d', 'e'), token({ address }))).toMatch(/another token/);
    expect(tokenProblem('solana', MINT, token({ address: `${MINT.slice(0, -1)}V` }))).toMatch(/another token/);
    expect(isSameToken('solana', 'native', 'native')).toBe(false);
  });
});
