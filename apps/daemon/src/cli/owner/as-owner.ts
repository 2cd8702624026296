import type { CommandContext, OperatorSession } from '../context.ts';
import { connectedOwner } from './connected-owner.ts';
import { authorizationOf, obtainSignature } from './obtain-signature.ts';
import { type OwnerRequest, purposeOfRequest, requestMessage } from './request-message.ts';
import { type SignatureFlags, sourceOf } from './signature-options.ts';

/**
 * Has the connected owner sign for a request that is not about one payment. Answers the header of the request.
 * @param subject what it is about, for the person who signs
 * @throws CliError OWNER_NOT_CONNECTED, and as `obtainSignature`
 */
export async function authorizationOfOwner(
  context: CommandContext,
  session: OperatorSession,
  flags: SignatureFlags,
  { request, subject }: { readonly request: OwnerRequest; readonly subject: string },
): Promise<string> {
  const wallet = await connectedOwner(session);
  const signed = await obtainSignature(context, sourceOf(flags), {
    wallet,
    port: session.port,
    purpose: purposeOfRequest(request),
    subject: [['To sign', subject]],
    // Public for these actions; the password is not sent where it is not asked for.
    compose: () => requestMessage({ port: session.port }, wallet, request),
  });
  return authorizationOf(signed, request.action);
}
