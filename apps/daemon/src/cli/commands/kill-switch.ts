import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { draftSignIn } from '@waiaas/auth';
import { killSwitchResponseSchema, nonceResponseSchema, recoverResponseSchema, systemClock } from '@waiaas/core';
import { dataPaths } from '../../data-dir/index.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import type { PasswordFlags } from '../../password/index.ts';
import { type CommandContext, type OperatorSession, operatorSession } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, jsonLine } from '../output.ts';
import type { OwnerWallet } from '../owner/check-message.ts';
import { namedWallet } from '../owner/connected-owner.ts';
import { walletOfKeyFile } from '../owner/key-file.ts';
import { authorizationOf, checkSource, obtainSignature } from '../owner/obtain-signature.ts';
import { type OwnerRequest, purposeOfRequest } from '../owner/request-message.ts';
import { SIGNING_HELP, type SignatureFlags, sourceOf, withSignatureOptions } from '../owner/signature-options.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';
import { withElapsed } from '../progress.ts';
import { usageError } from '../usage-error.ts';

interface ActivateOptions extends PasswordFlags {
  readonly reason: string;
}
interface RecoverOptions extends PasswordFlags, SignatureFlags {
  readonly ownerSignature?: string;
  readonly chain?: string;
  readonly address?: string;
}

/** Two key derivations, on a machine that may be slow, and the daemon gives itself a minute. */
const RECOVER_TIMEOUT_MS = 90_000;
const RECOVER: OwnerRequest = { action: 'recover', method: 'POST', path: '/v1/owner/recover' };

/** `waiaas kill-switch` and `waiaas recover` (01 §5, 05 §3). */
export const killSwitchCommands: CommandModule = (program, handle) => {
  const activate = program
    .command('kill-switch')
    .description('stop everything: end all sessions, cancel what waits, suspend all agents, lock the keys')
    .requiredOption('--reason <text>', 'why, for whoever reads it later; 1 to 500 characters')
    // Whoever types it out of habit must not be told about options while payments go on.
    .option('--yes', 'taken as everywhere, though stopping asks for no confirmation');
  handle<ActivateOptions>(withPasswordOptions(activate), activateKillSwitch);
  const recover = program
    .command('recover')
    .description('recover from the kill switch: the master password, and a signature of the owner where there is one')
    .option('--owner-signature <payload>', 'payload of an Authorization header that was made elsewhere (base64url)')
    .option('--chain <chain>', 'chain of the owner, to sign elsewhere')
    .option('--address <address>', 'address of the owner, to sign elsewhere')
    .addHelpText(
      'after',
      `
With an owner: --keypair signs here; --chain and --address print the text to sign and wait for the signature.
Without an owner the password is enough, on the machine of the daemon and as its user.
${SIGNING_HELP}`,
    );
  handle<RecoverOptions>(withPasswordOptions(withSignatureOptions(recover)), recoverFromKillSwitch);
};

async function activateKillSwitch(context: CommandContext, options: ActivateOptions): Promise<ExitCode> {
  const { reason } = options;
  const activated = await callDaemon({
    ...(await operatorSession(context, options)),
    method: 'POST',
    path: '/v1/admin/kill-switch',
    body: { reason },
    timeoutMs: RECOVER_TIMEOUT_MS,
    answer: killSwitchResponseSchema,
  });
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(activated)
      : `The kill switch is engaged. Nothing is signed any more.\n${facts([
          ['Engaged', activated.timestamp],
          ['Sessions ended', String(activated.sessionsRevoked)],
          ['Payments cancelled', String(activated.transactionsCancelled)],
          ['Agents suspended', String(activated.agentsSuspended)],
        ])}`,
  );
  if (!json) io.err('Recover with "waiaas recover".\n');
  return EXIT.SUCCESS;
}

/** The wallet that is to sign; null when none is named. */
function walletOf({ keypair, chain, address }: RecoverOptions): OwnerWallet | null {
  if (keypair !== undefined) return walletOfKeyFile(keypair, '--keypair');
  if (chain === undefined && address === undefined) return null;
  if (chain === undefined || address === undefined) throw usageError('Give both --chain and --address, or neither.');
  return namedWallet(chain, address);
}

/** The Authorization header of the owner, or undefined where none is to sign. */
async function ownerProof(
  context: CommandContext,
  { port }: OperatorSession,
  options: RecoverOptions,
): Promise<string | undefined> {
  if (options.ownerSignature !== undefined) return `Bearer ${options.ownerSignature.replace(/^bearer\s+/i, '')}`;
  const wallet = walletOf(options);
  if (wallet === null) return undefined;
  const purpose = purposeOfRequest(RECOVER);
  const signed = await obtainSignature(context, sourceOf(options), {
    wallet,
    port,
    purpose,
    subject: [['To sign', 'recover from the kill switch: agents can pay again']],
    // The daemon composes no texts while it is locked; it gives out nonces.
    async compose() {
      const { nonce } = await callDaemon({ port, method: 'GET', path: '/v1/nonce', answer: nonceResponseSchema });
      return draftSignIn({ ...wallet, domain: `127.0.0.1:${port}`, nonce, now: systemClock.now(), ...purpose });
    },
  });
  return authorizationOf(signed, RECOVER.action);
}

async function recoverFromKillSwitch(context: CommandContext, options: RecoverOptions): Promise<ExitCode> {
  const { ownerSignature, keypair, chain, address } = options;
  if (ownerSignature !== undefined && [keypair, chain, address].some((other) => other !== undefined)) {
    throw usageError('Give either --owner-signature, or --keypair, or --chain and --address.');
  }
  checkSource(sourceOf(options));
  const session = await operatorSession(context, options);
  const authorization = await ownerProof(context, session, options);
  const recovered = await withElapsed(context, 'The daemon unlocks its keys', () =>
    withLocalProof(context, authorization === undefined, (localProof) =>
      callDaemon({
        ...session,
        method: 'POST',
        path: RECOVER.path,
        ...(authorization === undefined ? {} : { authorization }),
        ...(localProof === undefined ? {} : { localProof }),
        timeoutMs: RECOVER_TIMEOUT_MS,
        answer: recoverResponseSchema,
      }),
    ),
  );
  const { io, json } = context;
  io.out(
    json
      ? jsonLine(recovered)
      : `Recovered. Agents can pay again once they have new sessions.\n${facts([
          ['Recovered', recovered.timestamp],
          ['Agents reactivated', String(recovered.agentsReactivated)],
        ])}`,
  );
  return EXIT.SUCCESS;
}

/** Shows the daemon that this command may write into its data directory; where an owner signs, that is not needed. */
async function withLocalProof<T>(
  { dataDir }: CommandContext,
  needed: boolean,
  ask: (proof: string | undefined) => Promise<T>,
): Promise<T> {
  if (!needed) return ask(undefined);
  const path = dataPaths(dataDir).localProof;
  const proof = randomBytes(32).toString('hex');
  rmSync(path, { force: true });
  writeFileSync(path, proof, { mode: 0o600, flag: 'wx' });
  try {
    return await ask(proof);
  } finally {
    rmSync(path, { force: true });
  }
}
