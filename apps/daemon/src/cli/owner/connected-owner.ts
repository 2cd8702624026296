import { canonicalAddress } from '@waiaas/auth';
import { type OwnerStatusResponse, ownerChainSchema, ownerStatusResponseSchema } from '@waiaas/core';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { OperatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { usageError } from '../usage-error.ts';
import type { OwnerWallet } from './check-message.ts';

/** What the daemon says about its owner. @throws CliError */
export const ownerStatus = (session: OperatorSession): Promise<OwnerStatusResponse> =>
  callDaemon({ ...session, method: 'GET', path: '/v1/owner/status', answer: ownerStatusResponseSchema });

/** The wallet of a status, or null when none is connected. */
export function walletOf({ connected, chain, address }: OwnerStatusResponse): OwnerWallet | null {
  if (!connected || chain === undefined || address === undefined) return null;
  const canonical = canonicalAddress(chain, address);
  return canonical === null ? null : { chain, address: canonical };
}

/** The connected owner. @throws CliError OWNER_NOT_CONNECTED */
export async function connectedOwner(session: OperatorSession): Promise<OwnerWallet> {
  const wallet = walletOf(await ownerStatus(session));
  if (wallet !== null) return wallet;
  throw new CliError({
    code: 'OWNER_NOT_CONNECTED',
    message: 'No owner is connected.',
    hint: 'Connect one with "waiaas owner connect".',
    exitCode: EXIT.FAILURE,
  });
}

/** The wallet that --chain and --address name, in its canonical spelling. @throws CliError USAGE */
export function namedWallet(chainWord: string, addressWord: string): OwnerWallet {
  const chain = ownerChainSchema.safeParse(chainWord);
  if (!chain.success) throw usageError(`--chain must be one of ${ownerChainSchema.options.join(', ')}.`);
  const address = canonicalAddress(chain.data, addressWord);
  if (address === null) {
    throw usageError(`--address must be an address on ${chain.data}.`, 'Check it letter by letter; case matters.');
  }
  return { chain: chain.data, address };
}
