import {
  canonicalJson,
  ownerChangeResponseSchema,
  ownerConnectResponseSchema,
  ownerDisconnectResponseSchema,
} from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import type { OwnerWallet } from '../owner/check-message.ts';
import { connectedOwner, namedWallet, ownerStatus, walletOf } from '../owner/connected-owner.ts';
import {
  authorizationOf,
  checkSource,
  obtainSignature,
  type SignatureSource,
  type SignedMessage,
  type SourceNames,
} from '../owner/obtain-signature.ts';
import { type OwnerRequest, purposeOfRequest, requestMessage } from '../owner/request-message.ts';
import { SIGNING_HELP, type SignatureFlags, sourceOf, withSignatureOptions } from '../owner/signature-options.ts';
import { type Handle, withPasswordOptions } from '../program.ts';

interface WalletOptions extends PasswordFlags, SignatureFlags {
  readonly chain: string;
  readonly address: string;
}
interface ChangeOptions extends WalletOptions {
  readonly newKeypair?: string;
  readonly newSignature?: string;
  readonly newMessageFile?: string;
}
type DisconnectOptions = PasswordFlags & SignatureFlags;

const NEW_NAMES: SourceNames = {
  keypair: '--new-keypair',
  signature: '--new-signature',
  messageFile: '--new-message-file',
};

/** `waiaas owner connect|change|disconnect` (00 §3, 03 §16, §19). */
export function ownerConnectCommands(group: Command, handle: Handle): void {
  const connect = group
    .command('connect')
    .description('make a wallet the owner: the master password, and a signature of the wallet')
    .requiredOption('--chain <chain>', 'solana or ethereum')
    .requiredOption('--address <address>', 'address of the wallet')
    .addHelpText('after', SIGNING_HELP);
  handle<WalletOptions>(withPasswordOptions(withSignatureOptions(connect)), connectOwner);
  const change = group
    .command('change')
    .description('hand over to another wallet: the master password, and a signature of both wallets')
    .requiredOption('--chain <chain>', 'chain of the new wallet')
    .requiredOption('--address <address>', 'address of the new wallet')
    .option('--new-keypair <file>', 'sign for the new wallet with this key file')
    .option('--new-message-file <file>', 'text of the new wallet, signed elsewhere')
    .option('--new-signature <signature>', 'signature over the text of --new-message-file (default: ask for it)')
    .addHelpText(
      'after',
      `\nThe new wallet signs first, then the present owner (--keypair, --message-file, --signature).\n${SIGNING_HELP}`,
    );
  handle<ChangeOptions>(withPasswordOptions(withSignatureOptions(change)), changeOwner);
  const disconnect = group
    .command('disconnect')
    .description('let the owner go, with the signature of the owner; payments that wait for an approval expire')
    .addHelpText('after', SIGNING_HELP);
  handle<DisconnectOptions>(withPasswordOptions(withSignatureOptions(disconnect)), disconnectOwner);
}

/** A signature over a request that is not about one payment. */
const signRequest = (
  context: CommandContext,
  source: SignatureSource,
  wallet: OwnerWallet,
  { session, request, subject }: { session: OperatorSession; request: OwnerRequest; subject: string },
): Promise<SignedMessage> =>
  obtainSignature(context, source, {
    wallet,
    port: session.port,
    purpose: purposeOfRequest(request),
    subject: [['To sign', subject]],
    // Public for these actions; the password is not sent where it is not asked for.
    compose: () => requestMessage({ port: session.port }, wallet, request),
  });

async function connectOwner(context: CommandContext, options: WalletOptions): Promise<ExitCode> {
  const wallet = namedWallet(options.chain, options.address);
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const present = walletOf(await ownerStatus(session));
  if (present !== null) {
    throw new CliError({
      code: 'OWNER_ALREADY_CONNECTED',
      message: `${present.address} (${present.chain}) is the owner already.`,
      hint: 'Use "waiaas owner change" to hand over to another wallet.',
      exitCode: EXIT.FAILURE,
    });
  }
  const rawBody = canonicalJson({ ...wallet });
  const request: OwnerRequest = { action: 'connect_owner', method: 'POST', path: '/v1/owner/connect', rawBody };
  const signed = await signRequest(context, sourceOf(options), wallet, {
    session,
    request,
    subject: `make ${wallet.address} on ${wallet.chain} the owner of this daemon`,
  });
  const connected = await callDaemon({
    ...session,
    method: 'POST',
    path: request.path,
    rawBody,
    authorization: authorizationOf(signed, request.action),
    answer: ownerConnectResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(connected)
      : `The owner is connected.\n${facts([
          ['Owner', connected.address],
          ['Chain', connected.chain],
          ['Connected', connected.connectedAt],
        ])}`,
  );
  return EXIT.SUCCESS;
}

async function changeOwner(context: CommandContext, options: ChangeOptions): Promise<ExitCode> {
  const next = namedWallet(options.chain, options.address);
  const newSource: SignatureSource = {
    keypair: options.newKeypair,
    signature: options.newSignature,
    messageFile: options.newMessageFile,
    yes: options.yes,
    names: NEW_NAMES,
  };
  checkSource(newSource);
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const present = await connectedOwner(session);
  const path = '/v1/owner/change';
  const proof = await signRequest(context, newSource, next, {
    session,
    request: { action: 'connect_owner', method: 'POST', path, rawBody: canonicalJson({ ...next }) },
    subject: `make ${next.address} on ${next.chain} the owner, in the place of ${present.address}; signed by the new wallet`,
  });
  const rawBody = canonicalJson({ ...next, message: proof.text, signature: proof.signature });
  const request: OwnerRequest = { action: 'change_owner', method: 'POST', path, rawBody };
  const signed = await signRequest(context, sourceOf(options), present, {
    session,
    request,
    subject: `hand over to ${next.address} on ${next.chain}; signed by the present owner`,
  });
  const changed = await callDaemon({
    ...session,
    method: 'POST',
    path,
    rawBody,
    authorization: authorizationOf(signed, request.action),
    answer: ownerChangeResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(changed)
      : `The owner has changed.\n${facts([
          ['Owner', changed.address],
          ['Chain', changed.chain],
          ['Before', changed.previousAddress],
          ['Connected', changed.connectedAt],
          ['Expired approvals', String(changed.expiredTransactions)],
        ])}`,
  );
  return EXIT.SUCCESS;
}

async function disconnectOwner(context: CommandContext, options: DisconnectOptions): Promise<ExitCode> {
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const present = await connectedOwner(session);
  const request: OwnerRequest = { action: 'update_settings', method: 'DELETE', path: '/v1/owner/disconnect' };
  const signed = await signRequest(context, sourceOf(options), present, {
    session,
    request,
    subject: `let ${present.address} go as the owner; payments that wait for an approval expire`,
  });
  const disconnected = await callDaemon({
    port: session.port,
    method: request.method,
    path: request.path,
    authorization: authorizationOf(signed, request.action),
    answer: ownerDisconnectResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(disconnected)
      : `The owner is disconnected; ${disconnected.expiredTransactions} payments that waited for an approval expired.\n`,
  );
  return EXIT.SUCCESS;
}
