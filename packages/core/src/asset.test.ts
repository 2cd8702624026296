import { expect, test } from 'vitest';
import { assetId, isAssetId, nativeAssetId } from './asset.ts';

test('an asset is named by its chain and by native or an address', () => {
  expect(nativeAssetId('solana')).toBe('solana:native');
  expect(assetId('ethereum:0xdAC17F958D2ee523a2206206994597C13D831ec7')).toMatch(/^ethereum:0xdAC/);
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
])('%j names no asset', (text) => {
  expect(isAssetId(text)).toBe(false);
  expect(() => assetId(text)).toThrow(TypeError);
});
