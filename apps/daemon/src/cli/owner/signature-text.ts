import { base58 } from '@scure/base';
import type { OwnerChain } from '@waiaas/core';

/**
 * A signature as the daemon takes it, from the ways in which tools print one. Solana: base58, or 64 bytes in hex or
 * base64. Ethereum: 65 bytes in hex, with or without 0x. What is none of these is handed on as it is and will not verify.
 */
export function normaliseSignature(chain: OwnerChain, typed: string): string {
  const text = typed.trim();
  const hex = /^(?:0x)?((?:[0-9a-fA-F]{2})+)$/.exec(text)?.[1];
  if (chain === 'ethereum') return hex?.length === 130 ? `0x${hex}` : text;
  if (hex?.length === 128) return base58.encode(Buffer.from(hex, 'hex'));
  if (/^[A-Za-z0-9+/]{86}==$/.test(text)) return base58.encode(Buffer.from(text, 'base64'));
  return text;
}
