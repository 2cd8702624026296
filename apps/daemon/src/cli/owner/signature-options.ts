import type { Command } from 'commander';
import type { SignatureSource, SourceNames } from './obtain-signature.ts';

/** What commander makes of the options. */
export interface SignatureFlags {
  readonly keypair?: string;
  readonly signature?: string;
  readonly messageFile?: string;
  readonly yes?: boolean;
}

const NAMES: SourceNames = { keypair: '--keypair', signature: '--signature', messageFile: '--message-file' };

/** The ways to sign: a key file, or a text signed elsewhere. With none of them the command shows the text and asks. */
export const withSignatureOptions = (command: Command): Command =>
  command
    .option('--keypair <file>', 'sign with this key file (64 bytes as JSON for Solana, 0x and 64 hex for Ethereum)')
    .option('--message-file <file>', 'text that "waiaas owner message --out" wrote, signed elsewhere')
    .option('--signature <signature>', 'signature over the text of --message-file (default: ask for it)')
    .option('-y, --yes', 'sign with --keypair without asking');

/** The source that the options describe. */
export const sourceOf = ({ keypair, signature, messageFile, yes }: SignatureFlags): SignatureSource => ({
  keypair,
  signature,
  messageFile,
  yes,
  names: NAMES,
});

/** Whether any of them was given. */
export const wantsSignature = ({ keypair, signature, messageFile }: SignatureFlags): boolean =>
  keypair !== undefined || signature !== undefined || messageFile !== undefined;

/** Said in the help of every command that takes a signature. */
export const SIGNING_HELP = `
Without --keypair and --message-file the command prints the text to sign, writes it to a private file and waits for the
signature at the prompt or on standard input. A text is good for one use within five minutes.
`;
