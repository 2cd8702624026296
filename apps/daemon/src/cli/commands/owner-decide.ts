import {
  isUuidV7,
  type OwnerReject,
  ownerApproveResponseSchema,
  ownerRejectResponseSchema,
  ownerRejectSchema,
} from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import { connectedOwner } from '../owner/connected-owner.ts';
import { authorizationOf, checkSource, obtainSignature } from '../owner/obtain-signature.ts';
import { type PaymentAction, purposeOfPayment, requestMessage } from '../owner/request-message.ts';
import {
  SIGNING_HELP,
  type SignatureFlags,
  sourceOf,
  wantsSignature,
  withSignatureOptions,
} from '../owner/signature-options.ts';
import { paymentFacts, waitingPayment } from '../owner/waiting-payments.ts';
import { type Handle, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

type ApproveOptions = PasswordFlags & SignatureFlags;
interface RejectOptions extends ApproveOptions {
  readonly reason?: string;
  readonly asOwner?: boolean;
}

/** `waiaas owner approve|reject` (01 §5.5, 03 §18). */
export function ownerDecideCommands(group: Command, handle: Handle): void {
  const approve = group
    .command('approve')
    .description('approve a payment with a signature of the owner')
    .argument('<txId>', 'id of the payment, as "waiaas owner pending" shows it')
    .addHelpText('after', SIGNING_HELP);
  handle<ApproveOptions>(withPasswordOptions(withSignatureOptions(approve)), approvePayment);
  const reject = group
    .command('reject')
    .description('end a payment that waits; the master password is enough')
    .argument('<txId>', 'id of the payment, as "waiaas owner pending" shows it')
    .option('--reason <text>', 'kept with the payment, one line of up to 500 characters')
    .option('--as-owner', 'sign it as the owner instead; implied by --keypair and --message-file')
    .addHelpText('after', SIGNING_HELP);
  handle<RejectOptions>(withPasswordOptions(withSignatureOptions(reject)), rejectPayment);
}

function idOf(text: string): string {
  if (isUuidV7(text)) return text;
  throw usageError('The payment must be named by its id, as "waiaas owner pending" shows it.');
}

/** Has the owner sign for one payment, in words. Answers the header of the request. */
async function authorise(
  context: CommandContext,
  session: OperatorSession,
  flags: SignatureFlags,
  { action, txId, path }: { readonly action: PaymentAction; readonly txId: string; readonly path: string },
): Promise<string> {
  const owner = await connectedOwner(session);
  const payment = await waitingPayment(session, txId);
  if (action === 'approve_tx' && payment.tier !== 'APPROVAL') {
    throw new CliError({
      code: 'NOT_WAITING',
      message: `The payment ${txId} waits for time, not for the owner; it runs at ${payment.expiresAt} unless it is rejected.`,
      exitCode: EXIT.FAILURE,
    });
  }
  const signed = await obtainSignature(context, sourceOf(flags), {
    wallet: owner,
    port: session.port,
    purpose: purposeOfPayment(action, txId, payment.inWords),
    subject: paymentFacts(payment),
    compose: () => requestMessage(session, owner, { action, method: 'POST', path }),
  });
  return authorizationOf(signed, action);
}

async function approvePayment(
  context: CommandContext,
  options: ApproveOptions,
  [given = '']: readonly string[],
): Promise<ExitCode> {
  const txId = idOf(given);
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const path = `/v1/owner/approve/${txId}`;
  const authorization = await authorise(context, session, options, { action: 'approve_tx', txId, path });
  const approved = await callDaemon({
    // Without the password: a request has one credential, and this one is the owner's (00 §3).
    port: session.port,
    method: 'POST',
    path,
    authorization,
    answer: ownerApproveResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(approved)
      : `Approved; the payment is on its way.\n${facts([
          ['Transaction', approved.transactionId],
          ['Status', approved.status],
          ['Approved', approved.approvedAt],
          ['By', approved.approvedBy],
        ])}`,
  );
  return EXIT.SUCCESS;
}

function bodyOf(reason: string | undefined): OwnerReject | undefined {
  if (reason === undefined) return undefined;
  const body = ownerRejectSchema.safeParse({ reason });
  if (body.success) return body.data;
  throw usageError(`--reason ${body.error.issues[0]?.message ?? 'is not valid'}.`);
}

async function rejectPayment(
  context: CommandContext,
  options: RejectOptions,
  [given = '']: readonly string[],
): Promise<ExitCode> {
  const txId = idOf(given);
  const body = bodyOf(options.reason);
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const path = `/v1/owner/reject/${txId}`;
  const asOwner = options.asOwner === true || wantsSignature(options);
  const credential = asOwner
    ? {
        port: session.port,
        authorization: await authorise(context, session, options, { action: 'reject_tx', txId, path }),
      }
    : session;
  const rejected = await callDaemon({
    ...credential,
    method: 'POST',
    path,
    body,
    answer: ownerRejectResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(rejected)
      : `Rejected; nothing is paid.\n${facts([
          ['Transaction', rejected.transactionId],
          ['Status', rejected.status],
          ['Rejected', rejected.rejectedAt],
          ['By', rejected.rejectedBy],
          ...(rejected.reason === undefined ? [] : [['Reason', rejected.reason] as const]),
        ])}`,
  );
  return EXIT.SUCCESS;
}
