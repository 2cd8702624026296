import { type SignInPurpose, verifySignature } from '@waiaas/auth';
import {
  actionOfStatement,
  isoTime,
  isUuidV7,
  ownerActionSchema,
  ownerMessageRequestSchema,
  SESSION_STATEMENT,
  systemClock,
} from '@waiaas/core';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { CliError } from '../cli-error.ts';
import { type CommandContext, daemonPort, type OperatorSession, operatorSession } from '../context.ts';
import { facts, jsonLine } from '../output.ts';
import { checkMessage, isLocalDomain, type OwnerWallet, readMessage } from '../owner/check-message.ts';
import { confirm } from '../owner/confirm.ts';
import { connectedOwner, namedWallet } from '../owner/connected-owner.ts';
import { walletOfKeyFile, withOwnerKey } from '../owner/key-file.ts';
import {
  isPaymentAction,
  type OwnerRequest,
  type PaymentAction,
  purposeOfPayment,
  purposeOfRequest,
  requestMessage,
} from '../owner/request-message.ts';
import { signText } from '../owner/sign-text.ts';
import { readMessageFile, readTextFile, writeNewFile } from '../owner/text-file.ts';
import { paymentFacts, waitingPayment } from '../owner/waiting-payments.ts';
import { type Handle, withPasswordOptions } from '../program.ts';
import { usageError } from '../usage-error.ts';

interface MessageOptions extends PasswordFlags {
  readonly chain?: string;
  readonly address?: string;
  readonly action: string;
  readonly method: string;
  readonly path: string;
  readonly bodyFile?: string;
  readonly out?: string;
}
interface SignOptions {
  readonly keypair: string;
  readonly messageFile: string;
  readonly yes?: boolean;
}

/** `waiaas owner message|sign`: signing in two steps, on two machines where need be (03 §18). */
export function ownerSignCommands(group: Command, handle: Handle): void {
  const message = group
    .command('message')
    .description('get the text to sign for one request; good for one use within five minutes')
    .requiredOption('--action <action>', ownerActionSchema.options.join(', '))
    .option('--method <method>', 'method of the request that will carry the signature', 'POST')
    .requiredOption('--path <path>', 'its path, such as /v1/owner/approve/<txId>')
    .option('--body-file <file>', 'its body, to the byte')
    .option('--chain <chain>', 'chain of the wallet that signs (default: the connected owner)')
    .option('--address <address>', 'address of the wallet that signs (default: the connected owner)')
    .option('--out <file>', 'write the text to a new file that only you can read, instead of printing it');
  handle<MessageOptions>(withPasswordOptions(message), composeMessage);
  const sign = group
    .command('sign')
    .description('sign a text of "owner message" with a key file; needs no daemon')
    .requiredOption('--keypair <file>', 'key file: 64 bytes as JSON for Solana, 0x and 64 hex for Ethereum')
    .requiredOption('--message-file <file>', 'the text')
    .option('-y, --yes', 'sign without asking');
  handle<SignOptions>(sign, signMessage);
}

function requestOf(options: MessageOptions): OwnerRequest {
  const action = ownerActionSchema.safeParse(options.action);
  if (!action.success) throw usageError(`--action must be one of ${ownerActionSchema.options.join(', ')}.`);
  const { method, path } = ownerMessageRequestSchema.shape;
  const verb = method.safeParse(options.method.toUpperCase());
  if (!verb.success) throw usageError(`--method must be one of ${method.options.join(', ')}.`);
  if (!path.safeParse(options.path).success) {
    throw usageError('--path must be the path of a request, such as /v1/owner/policies.');
  }
  const rawBody = options.bodyFile === undefined ? undefined : readTextFile(options.bodyFile, '--body-file');
  return { action: action.data, method: verb.data, path: options.path, rawBody };
}

/** The wallet that the options name, or null when the connected owner is meant. */
function walletOfOptions({ chain, address }: MessageOptions): OwnerWallet | null {
  if (chain === undefined && address === undefined) return null;
  if (chain === undefined || address === undefined) throw usageError('Give both --chain and --address, or neither.');
  return namedWallet(chain, address);
}

/** The payment a request is about. */
function paymentId({ action, method, path }: OwnerRequest): string {
  const [, verb, id = ''] = /^\/v1\/owner\/(approve|reject)\/([^/?]+)$/.exec(path) ?? [];
  if (method !== 'POST' || `${verb}_tx` !== action || !isUuidV7(id)) {
    throw usageError(
      'For approve_tx the request is POST /v1/owner/approve/<txId>, for reject_tx POST /v1/owner/reject/<txId>.',
    );
  }
  return id;
}

async function composeMessage(context: CommandContext, options: MessageOptions): Promise<ExitCode> {
  const request = requestOf(options);
  const named = walletOfOptions(options);
  const { action } = request;
  const composed = isPaymentAction(action)
    ? await paymentMessage(context, await operatorSession(context, options), { ...request, action }, named)
    : await otherMessage(context, options, request, named);
  const { io, json } = context;
  const { wallet, text } = composed;
  const { nonce, expirationTime } = checkMessage(text, { ...composed, now: systemClock.now() });
  const expiresAt = isoTime(expirationTime);
  if (options.out !== undefined) writeNewFile(options.out, text);
  if (json) {
    io.out(jsonLine({ ...wallet, message: text, nonce, expiresAt, file: options.out }));
    return EXIT.SUCCESS;
  }
  // To the byte, so that a redirected result is the text to sign and nothing else.
  if (options.out === undefined) io.out(text);
  const where = options.out === undefined ? '' : ` It is in ${options.out}.`;
  io.err(`\nTo be signed by ${wallet.address} and sent before ${expiresAt} (five minutes at most), once.${where}\n`);
  return EXIT.SUCCESS;
}

/** A text with everything it has to agree with. */
interface Composed {
  readonly wallet: OwnerWallet;
  readonly purpose: SignInPurpose;
  readonly port: number;
  readonly text: string;
}

async function paymentMessage(
  { io, json }: CommandContext,
  session: OperatorSession,
  request: OwnerRequest & { readonly action: PaymentAction },
  named: OwnerWallet | null,
): Promise<Composed> {
  const txId = paymentId(request);
  const wallet = named ?? (await connectedOwner(session));
  const payment = await waitingPayment(session, txId);
  if (!json) io.err(facts(paymentFacts(payment)));
  const purpose = purposeOfPayment(request.action, txId, payment.inWords);
  return { wallet, purpose, port: session.port, text: await requestMessage(session, wallet, request) };
}

async function otherMessage(
  context: CommandContext,
  flags: PasswordFlags,
  request: OwnerRequest,
  named: OwnerWallet | null,
): Promise<Composed> {
  const compose = async (port: number, wallet: OwnerWallet): Promise<Composed> => ({
    wallet,
    purpose: purposeOfRequest(request),
    port,
    text: await requestMessage({ port }, wallet, request),
  });
  if (named !== null) return compose(daemonPort(context), named);
  // The password is asked for only to learn who the owner is.
  const session = await operatorSession(context, flags);
  return compose(session.port, await connectedOwner(session));
}

async function signMessage({ io, json }: CommandContext, options: SignOptions): Promise<ExitCode> {
  const { keypair, messageFile } = options;
  const text = readMessageFile(messageFile, '--message-file');
  const message = readMessage(text, systemClock.now());
  if (!isLocalDomain(message)) throw foreign(`The message is for ${message.domain}, not for a daemon on this machine.`);
  if (actionOfStatement(message.statement) === null && message.statement !== SESSION_STATEMENT) {
    throw foreign('The statement of the message is none of an owner of WAIaaS.');
  }
  const wallet = walletOfKeyFile(keypair, '--keypair');
  if (wallet.chain !== message.chain || wallet.address !== message.address) {
    throw new CliError({
      code: 'OWNER_MISMATCH',
      message: `The key file ${keypair} belongs to ${wallet.address} (${wallet.chain}), the message to ${message.address} (${message.chain}).`,
      exitCode: EXIT.FAILURE,
    });
  }
  const yes = options.yes === true;
  if (!json || !yes) io.err(`${text}\n\n`);
  await confirm(io, `Sign this with ${keypair}?`, yes);
  const signature = withOwnerKey(keypair, '--keypair', (key) => signText(key, text));
  if (!verifySignature({ ...wallet, message: text, signature })) throw new TypeError('The signature does not hold');
  io.out(json ? jsonLine({ ...wallet, signature }) : `${signature}\n`);
  return EXIT.SUCCESS;
}

const foreign = (message: string): CliError =>
  new CliError({ code: 'MESSAGE_REFUSED', message: `${message} It was not signed.`, exitCode: EXIT.FAILURE });
