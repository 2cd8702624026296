import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerAuthorization, type SignInPurpose, verifySignature } from '@waiaas/auth';
import { type Clock, isoTime, type OwnerAction, type SignInMessage, systemClock } from '@waiaas/core';
import { EXIT } from '../../exit-codes.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../context.ts';
import { facts, jsonLine } from '../output.ts';
import { usageError } from '../usage-error.ts';
import { checkMessage, type OwnerWallet } from './check-message.ts';
import { confirm } from './confirm.ts';
import { withOwnerKey } from './key-file.ts';
import { signText } from './sign-text.ts';
import { normaliseSignature } from './signature-text.ts';
import { readMessageFile, writeNewFile } from './text-file.ts';

/** Where a signature comes from: a key file, another tool before this command, or another tool while it waits. */
export interface SignatureSource {
  readonly keypair?: string | undefined;
  readonly signature?: string | undefined;
  readonly messageFile?: string | undefined;
  /** Signs with the key file without asking. */
  readonly yes?: boolean | undefined;
  /** How the options above are called. */
  readonly names: SourceNames;
}

/** Names of the options of one source. */
export interface SourceNames {
  readonly keypair: string;
  readonly signature: string;
  readonly messageFile: string;
}

/** What is to be signed. */
export interface Signing {
  readonly wallet: OwnerWallet;
  readonly purpose: SignInPurpose;
  readonly port: number;
  /** What it is about, for the person who signs. */
  readonly subject: readonly (readonly [string, string])[];
  /** Asks the daemon for the text. Not called when there is a message file. */
  compose(): Promise<string>;
}

/** A text that says what was wanted, with a signature that holds. */
export interface SignedMessage {
  readonly wallet: OwnerWallet;
  readonly message: SignInMessage;
  readonly text: string;
  readonly signature: string;
}

/** @throws CliError USAGE when the options cannot go together */
export function checkSource({ keypair, signature, messageFile, names }: SignatureSource): void {
  if (keypair !== undefined && (signature !== undefined || messageFile !== undefined)) {
    throw usageError(`Give either ${names.keypair}, or ${names.messageFile} with ${names.signature}, not both.`);
  }
  if (signature !== undefined && messageFile === undefined) {
    throw usageError(`${names.signature} needs ${names.messageFile}: the text that was signed.`);
  }
}

/** The header of a request that carries a signature. It is stamped when it is sent (03 §15.3). */
export const authorizationOf = (
  { wallet, message, text, signature }: SignedMessage,
  action: OwnerAction,
  clock: Clock = systemClock,
): string =>
  ownerAuthorization({
    ...wallet,
    action,
    nonce: message.nonce,
    timestamp: isoTime(clock.now()),
    message: text,
    signature,
  });

/**
 * Gets a signature over exactly what is wanted: shows what it is about, gets the text, refuses any other than the one
 * that was asked for, has it signed, and makes sure that the signature holds before anything is sent.
 *
 * @throws CliError MESSAGE_REFUSED, MESSAGE_EXPIRED, OWNER_MISMATCH, SIGNATURE_INVALID, KEY_FILE_UNUSABLE, CANCELLED,
 *   CONFIRMATION_NEEDED, USAGE, and what the daemon answers
 */
export async function obtainSignature(
  context: CommandContext,
  source: SignatureSource,
  signing: Signing,
  clock: Clock = systemClock,
): Promise<SignedMessage> {
  const { io, json } = context;
  const { wallet, purpose, port } = signing;
  checkSource(source);
  const { keypair, messageFile, signature: given } = source;
  if (keypair !== undefined) refuseOtherWallet(keypair, source.names.keypair, wallet);
  const check = (text: string): SignInMessage => checkMessage(text, { wallet, purpose, port, now: clock.now() });

  const text =
    messageFile === undefined ? await signing.compose() : readMessageFile(messageFile, source.names.messageFile);
  const message = check(text);
  if (!json) io.err(facts(signing.subject));
  const signature =
    keypair !== undefined
      ? await signWithKey(context, { path: keypair, option: source.names.keypair, yes: source.yes === true }, text)
      : normaliseSignature(
          wallet.chain,
          given ?? (await signedElsewhere(context, signing, { text, message, messageFile })),
        );
  // However long it took to sign.
  check(text);
  if (!verifySignature({ ...wallet, message: text, signature })) throw signatureInvalid(wallet);
  return { wallet, message, text, signature };
}

/** Before a nonce is spent and anybody is asked. */
function refuseOtherWallet(path: string, option: string, wallet: OwnerWallet): void {
  const own = withOwnerKey(path, option, (key) => key.wallet);
  if (own.chain === wallet.chain && own.address === wallet.address) return;
  throw new CliError({
    code: 'OWNER_MISMATCH',
    message: `The key file ${path} belongs to ${own.address} (${own.chain}), not to ${wallet.address} (${wallet.chain}).`,
    exitCode: EXIT.FAILURE,
  });
}

async function signWithKey(
  { io, json }: CommandContext,
  { path, option, yes }: { readonly path: string; readonly option: string; readonly yes: boolean },
  text: string,
): Promise<string> {
  if (!json || !yes) io.err(`\n${text}\n\n`);
  await confirm(io, `Sign this with ${path}?`, yes);
  return withOwnerKey(path, option, (key) => signText(key, text));
}

/** Shows the text, and waits for what another tool makes of it. */
async function signedElsewhere(
  { io, json }: CommandContext,
  { wallet }: Signing,
  { text, message, messageFile }: { text: string; message: SignInMessage; messageFile: string | undefined },
): Promise<string> {
  // Of this command alone, with a name that nobody could have foreseen (03 §18).
  const directory = messageFile === undefined ? mkdtempSync(join(tmpdir(), 'waiaas-sign-')) : null;
  const file = directory === null ? messageFile : join(directory, 'message.txt');
  try {
    if (directory !== null && file !== undefined) writeNewFile(file, text);
    const expiresAt = isoTime(message.expirationTime);
    io.err(
      json
        ? jsonLine({ type: 'message', ...wallet, message: text, file, expiresAt })
        : `\nSign exactly this text with ${wallet.address}, before ${expiresAt} (five minutes at most):\n\n${text}\n\nIt is in ${file} as well, without a line feed at its end.\n`,
    );
    const typed = io.ask === null ? await io.inputLine() : await io.ask('Signature: ');
    if (typed !== null && typed.trim() !== '') return typed;
    throw new CliError({
      code: 'SIGNATURE_MISSING',
      message: 'No signature was given; nothing was sent.',
      hint: 'Give it at the prompt or on standard input, or sign with --keypair.',
      exitCode: EXIT.FAILURE,
    });
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}

const signatureInvalid = ({ chain, address }: OwnerWallet): CliError =>
  new CliError({
    code: 'SIGNATURE_INVALID',
    message: `This is not a signature of ${address} over the text; nothing was sent.`,
    hint:
      chain === 'solana'
        ? 'Sign the UTF-8 bytes of the text themselves, without a line feed at the end and without any envelope ("solana sign-offchain-message" signs other bytes), with the key of that address.'
        : 'Sign the text with personal_sign (EIP-191), without a line feed at the end, with the key of that address.',
    exitCode: EXIT.FAILURE,
  });
