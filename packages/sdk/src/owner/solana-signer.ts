import { base58 } from '@scure/base';
import { localError, type WAIaaSError } from '../error.ts';

/** A text to sign, and who has signed it, as @solana/kit has it. */
interface SignableMessage {
  readonly content: Uint8Array;
  readonly signatures: Readonly<Record<string, Uint8Array>>;
}

/** The part of a `MessagePartialSigner` of @solana/kit that is used. */
export interface MessagePartialSigner {
  readonly address: string;
  signMessages(messages: readonly SignableMessage[]): Promise<readonly Readonly<Record<string, Uint8Array>>[]>;
}

/** The part of a `MessageModifyingSigner` of @solana/kit that is used. A text that it changes is refused. */
export interface MessageModifyingSigner {
  readonly address: string;
  modifyAndSignMessages(messages: readonly SignableMessage[]): Promise<readonly SignableMessage[]>;
}

/** A wallet of the Wallet Standard that has `solana:signMessage`, and one of its accounts. */
export interface SolanaWallet {
  readonly wallet: { readonly features: Readonly<Record<string, unknown>> };
  readonly account: { readonly address: string };
}

/** Whether a text can be an address of Solana. */
export function isSolanaAddress(text: unknown): text is string {
  return typeof text === 'string' && /^[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text) && base58.decode(text).length === 32;
}

const signable = (message: string): SignableMessage => ({
  content: new TextEncoder().encode(message),
  signatures: Object.freeze({}),
});

const encoded = (signature: Uint8Array | undefined): string => {
  if (signature?.length === 64) return base58.encode(Uint8Array.from(signature));
  throw localError('SIGNER_ERROR', 'The wallet gave no signature of its address');
};

const changed = (): WAIaaSError =>
  localError('SIGNER_ERROR', 'The wallet signed something else than the text it was given');

const sameBytes = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index]);

/** With a signer that adds its signature. */
export async function signInPart(signer: MessagePartialSigner, message: string): Promise<string> {
  const [signatures] = await signer.signMessages([signable(message)]);
  return encoded(signatures?.[signer.address]);
}

/** With a signer that may change what it signs; it had better not. */
export async function signByModifying(signer: MessageModifyingSigner, message: string): Promise<string> {
  const wanted = signable(message);
  const [signed] = await signer.modifyAndSignMessages([wanted]);
  if (signed === undefined || !sameBytes(signed.content, new TextEncoder().encode(message))) throw changed();
  return encoded(signed.signatures[signer.address]);
}

interface SignMessageFeature {
  signMessage(input: {
    readonly account: unknown;
    readonly message: Uint8Array;
  }): Promise<readonly { readonly signedMessage: Uint8Array; readonly signature: Uint8Array }[]>;
}

const hasSignMessage = (feature: unknown): feature is SignMessageFeature =>
  typeof feature === 'object' &&
  feature !== null &&
  'signMessage' in feature &&
  typeof feature.signMessage === 'function';

/** With a wallet of the Wallet Standard. */
export async function signWithWallet({ wallet, account }: SolanaWallet, message: string): Promise<string> {
  const feature = wallet.features['solana:signMessage'];
  if (!hasSignMessage(feature)) throw localError('INVALID_ARGUMENT', 'The wallet has no solana:signMessage');
  const text = new TextEncoder().encode(message);
  const [output] = await feature.signMessage({ account, message: Uint8Array.from(text) });
  if (output === undefined || !sameBytes(output.signedMessage, text)) throw changed();
  return encoded(output.signature);
}
