import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { base58 } from '@scure/base';
import type { OwnerChain } from '@waiaas/core';
import { evmAddress, solanaPublicKey } from './address.ts';

/** What is said to have been signed, and by whom. */
export interface SignedText {
  readonly chain: OwnerChain;
  /** In its canonical spelling. */
  readonly address: string;
  readonly message: string;
  /** Solana: base58 of 64 bytes. Ethereum: 0x and 65 bytes in hex. */
  readonly signature: string;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function solanaSignature(text: string): Uint8Array | null {
  if (!/^[1-9A-HJ-NP-Za-km-z]{64,88}$/.test(text)) return null;
  const bytes = base58.decode(text);
  return bytes.length === 64 ? bytes : null;
}

/**
 * Ed25519 in strict mode (RFC 8032). The lenient mode that validators of chains use accepts a public key of small order,
 * for which one signature fits every message (03 §5.3).
 */
function verifySolana({ address, message, signature }: SignedText): boolean {
  const publicKey = solanaPublicKey(address);
  const given = solanaSignature(signature);
  if (publicKey === null || given === null) return false;
  if (!ed25519.utils.isValidPublicKey(publicKey, false) || ed25519.Point.fromBytes(publicKey).isSmallOrder())
    return false;
  return ed25519.verify(given, bytesOf(message), publicKey, { zip215: false });
}

/** EIP-191 `personal_sign`: the signer is recovered and compared. Compact and high-s signatures are refused. */
function verifyEthereum({ address, message, signature }: SignedText): boolean {
  const match = /^0x([0-9a-fA-F]{128})([0-9a-fA-F]{2})$/.exec(signature);
  if (match === null) return false;
  const [, body = '', last = ''] = match;
  const v = Number.parseInt(last, 16);
  const recovery = v >= 27 ? v - 27 : v;
  if (recovery !== 0 && recovery !== 1) return false;
  const text = bytesOf(message);
  const digest = keccak_256(Buffer.concat([bytesOf(`\x19Ethereum Signed Message:\n${text.length}`), text]));
  const parsed = secp256k1.Signature.fromBytes(Buffer.from(body, 'hex'), 'compact');
  if (parsed.hasHighS()) return false;
  const publicKey = parsed.addRecoveryBit(recovery).recoverPublicKey(digest).toBytes(false);
  return evmAddress(publicKey) === address;
}

/**
 * Whether a text was signed by an address. One answer for every way in which it was not, malformed input included: what
 * exactly was wrong is nobody's business.
 */
export function verifySignature(signed: SignedText): boolean {
  try {
    return signed.chain === 'solana' ? verifySolana(signed) : verifyEthereum(signed);
  } catch (error) {
    // The libraries throw for points and scalars that are none, which is a signature that does not hold.
    if (error instanceof Error) return false;
    throw error;
  }
}
