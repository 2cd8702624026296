import { describe, expect, test } from 'vitest';
import { addressKey, isWalletAddress } from './index.ts';

const SOLANA = 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v';
const EVM = '0xdAC17F958D2ee523a2206206994597C13D831ec7';

describe('the form of an address', () => {
  test.each([
    SOLANA,
    '11111111111111111111111111111111',
    'So11111111111111111111111111111111111111112',
    // 32 bytes of 0xff: the largest value there is.
    'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG',
  ])('solana: %s', (text) => {
    expect(isWalletAddress('solana', text)).toBe(true);
    expect(isWalletAddress('ethereum', text)).toBe(false);
  });

  test.each([
    '',
    `${SOLANA}1`,
    SOLANA.slice(3),
    ` ${SOLANA}`,
    `${SOLANA}\n`,
    SOLANA.replace('E', '0'),
    SOLANA.replace('E', 'O'),
    SOLANA.replace('E', 'I'),
    SOLANA.replace('E', 'l'),
    '1'.repeat(31),
    '1'.repeat(33),
    // One more than 32 bytes of 0xff.
    'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH',
    'z'.repeat(44),
  ])('not solana: %j', (text) => expect(isWalletAddress('solana', text)).toBe(false));

  test.each([EVM, EVM.toLowerCase(), `0x${EVM.slice(2).toUpperCase()}`])('ethereum: %s', (text) => {
    expect(isWalletAddress('ethereum', text)).toBe(true);
    expect(isWalletAddress('solana', text)).toBe(false);
  });

  test.each(['', '0x', EVM.slice(2), `${EVM}0`, EVM.slice(0, -1), EVM.replace('0x', '0X'), `0xg${EVM.slice(3)}`])(
    'not ethereum: %j',
    (text) => expect(isWalletAddress('ethereum', text)).toBe(false),
  );
});

test('case is part of a Solana address and not of an EVM address', () => {
  expect(addressKey('solana', SOLANA)).toBe(SOLANA);
  expect(addressKey('solana', SOLANA.toLowerCase())).not.toBe(addressKey('solana', SOLANA));
  expect(addressKey('ethereum', EVM.toLowerCase())).toBe(addressKey('ethereum', EVM));
});
