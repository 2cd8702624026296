import { expect, test } from 'vitest';
import { assetId, isAssetId, nativeAssetId, tokenAssetId, tokenOfAsset } from './asset.ts';

const MINT = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const CONTRACT = '0xdAC17F958D2ee523a2206206994597C13D831ec7';

test('an asset is named by its chain and by native or an address', () => {
  expect(nativeAssetId('solana')).toBe('solana:native');
  expect(tokenAssetId('solana', MINT)).toBe(`solana:${MINT}`);
  expect(tokenOfAsset(tokenAssetId('solana', MINT))).toBe(MINT);
  expect(tokenOfAsset(nativeAssetId('ethereum'))).toBeNull();
});

test('every spelling of a contract names one asset, and the asset has one name', () => {
  const spellings = [CONTRACT, CONTRACT.toLowerCase(), `0x${CONTRACT.slice(2).toUpperCase()}`];
  expect(new Set(spellings.map((address) => tokenAssetId('ethereum', address)))).toEqual(
    new Set([`ethereum:${CONTRACT.toLowerCase()}`]),
  );
  expect(spellings.filter((address) => isAssetId(`ethereum:${address}`))).toEqual([CONTRACT.toLowerCase()]);
});

test('case is part of a mint: another spelling is another asset', () => {
  const other = `${MINT.slice(0, -1)}V`;
  expect(tokenAssetId('solana', other)).not.toBe(tokenAssetId('solana', MINT));
});

test.each([
  '',
  'native',
  'solana',
  'solana:',
  'solana:a:b',
  'Solana:native',
  'bitcoin:native',
  ' solana:native',
  'solana:__proto__',
  'solana:constructor',
  'solana:Native',
  'solana:mint',
  `solana:${CONTRACT}`,
  `ethereum:${CONTRACT}`,
  `ethereum:${MINT}`,
  `ethereum:${CONTRACT.slice(2)}`,
  `solana:${MINT}\n`,
])('%j names no asset', (text) => {
  expect(isAssetId(text)).toBe(false);
  expect(() => assetId(text)).toThrow(TypeError);
});

test.each(['native', '', 'solana:native', 'mint', ' '])('%j is no token', (text) => {
  expect(() => tokenAssetId('solana', text)).toThrow(TypeError);
  expect(() => tokenAssetId('ethereum', text)).toThrow(TypeError);
});
