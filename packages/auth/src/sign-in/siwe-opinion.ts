import { isoTime, type SignInMessage } from '@waiaas/core';

/**
 * A second opinion on an Ethereum message that has passed every check of ours: whether the `siwe` library reads the same
 * fields out of the text and finds the same signer. Two parsers that disagree about a text mean that one of them can be
 * led astray by it.
 *
 * The library and ethers are loaded at the first message that gets this far, because they cost some 28 MB that a daemon
 * without an Ethereum owner never needs. What the library leaves unchecked unless asked (03 §5.2) is compared here.
 */
export async function siweAgrees(
  text: string,
  signature: string,
  message: SignInMessage,
  now: number,
): Promise<boolean> {
  const { SiweError, SiweMessage } = await import('./siwe-library.ts');
  try {
    const read = new SiweMessage(text);
    if (!sameFields(read, message)) return false;
    const { domain, nonce } = message;
    // It resolves with `success: false` rather than throw; not having thrown proves nothing.
    const verdict = await read.verify({ signature, domain, nonce, time: isoTime(now) }, { suppressExceptions: true });
    return verdict.success === true;
  } catch (error) {
    // A text that its grammar does not allow is thrown at us as one or the other.
    if (error instanceof Error || error instanceof SiweError) return false;
    throw error;
  }
}

/** The fields of a parsed `SiweMessage` that are looked at. */
interface SiweFields {
  readonly scheme?: string | undefined;
  readonly domain: string;
  readonly address: string;
  readonly statement?: string | undefined;
  readonly uri: string;
  readonly version: string;
  readonly chainId: number;
  readonly nonce: string;
  readonly issuedAt?: string | undefined;
  readonly expirationTime?: string | undefined;
  readonly notBefore?: string | undefined;
  readonly requestId?: string | undefined;
  readonly resources?: readonly string[] | undefined;
}

const sameFields = (theirs: SiweFields, ours: SignInMessage): boolean =>
  theirs.scheme === undefined &&
  theirs.domain === ours.domain &&
  theirs.address === ours.address &&
  theirs.statement === ours.statement &&
  theirs.uri === ours.uri &&
  theirs.version === '1' &&
  String(theirs.chainId) === ours.chainId &&
  theirs.nonce === ours.nonce &&
  theirs.issuedAt === isoTime(ours.issuedAt) &&
  theirs.expirationTime === isoTime(ours.expirationTime) &&
  theirs.notBefore === undefined &&
  theirs.requestId === undefined &&
  theirs.resources?.length === 1 &&
  theirs.resources[0] === ours.resource;
