import { hex } from '@scure/base';
import { localError } from '../error.ts';

/** The part of a `LocalAccount` of viem that is used. */
export interface LocalAccount {
  readonly type: 'local';
  readonly address: string;
  signMessage(parameters: { message: string }): Promise<string>;
}

/** A provider as EIP-1193 has it, and the account of it that is the owner. */
export interface EthereumProvider {
  readonly provider: {
    // `never`: a provider may be typed for the requests it knows; what is asked for here is one of them.
    request(args: never): Promise<unknown>;
  };
  readonly address: string;
}

/** With an account that viem holds. */
export const signWithAccount = (account: LocalAccount, message: string): Promise<string> =>
  account.signMessage({ message });

interface Requester {
  request(args: { readonly method: string; readonly params: readonly string[] }): Promise<unknown>;
}

const isRequester = (provider: unknown): provider is Requester =>
  typeof provider === 'object' && provider !== null && 'request' in provider && typeof provider.request === 'function';

/** With a wallet in a browser: `personal_sign`, the text as hex, then the account. */
export async function signWithProvider(wallet: EthereumProvider, message: string): Promise<string> {
  const { address } = wallet;
  const provider: unknown = wallet.provider;
  if (!isRequester(provider)) throw localError('INVALID_ARGUMENT', 'signer.provider has no request()');
  const text = `0x${hex.encode(new TextEncoder().encode(message))}`;
  const signature = await provider.request({ method: 'personal_sign', params: [text, address] });
  return typeof signature === 'string' ? signature : '';
}
