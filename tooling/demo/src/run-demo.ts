import { parseArgs } from 'node:util';
import { createNarrator } from './narrator.ts';
import {
  askInEachTier,
  type Cast,
  payAtOnce,
  prepare,
  raceTheCap,
  repeatARequest,
  stealTheToken,
  stranger,
} from './story.ts';
import { createWorld, type World } from './world.ts';

/** Ways for a test to reach into the demo. */
export interface DemoHooks {
  readonly write?: (line: string) => void;
  /** Called before the ledger is asked about a payment: may make the claim about it false. */
  readonly tamper?: (world: World, recipient: string) => Promise<void>;
  /** The `waiaas` command to tell the story with; default: this repository's. */
  readonly program?: string;
}

const USAGE = `Usage: npm run demo [-- --keep]

Starts a Solana ledger and a daemon on free ports, acts as an agent, checks every claim against the ledger, and stops.

  --keep   leave both running and say how to talk to them; Ctrl-C ends them
  --help   show this`;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function explainKeep(world: World, cast: Cast, write: (line: string) => void): void {
  const { daemonUrl, ledgerUrl, dataDir, passwordFile } = world;
  const lines = [
    '',
    'The daemon and the ledger stay up. In another terminal:',
    '',
    `  export WAIAAS_BASE_URL=${daemonUrl}`,
    `  export WAIAAS_SESSION_TOKEN=${cast.token}`,
    '',
    '  # as the agent',
    '  curl -s -H "Authorization: Bearer $WAIAAS_SESSION_TOKEN" $WAIAAS_BASE_URL/v1/wallet/balance',
    '  curl -s -H "Authorization: Bearer $WAIAAS_SESSION_TOKEN" -H "Content-Type: application/json" \\',
    `    -d '{"to":"${stranger()}","amount":"10000000"}' \\`,
    '    $WAIAAS_BASE_URL/v1/transactions/send',
    '',
    '  # as the operator',
    `  npm run waiaas -- agent list --data-dir ${dataDir} --password-file ${passwordFile}`,
    `  curl -s -H "X-Master-Password: $(cat ${passwordFile})" $WAIAAS_BASE_URL/v1/owner/policies`,
    '',
    `  # the ledger speaks Solana's JSON-RPC at ${ledgerUrl}`,
    '',
    'Ctrl-C here ends both and removes their data.',
  ];
  for (const line of lines) write(line);
}

/** Tells the whole story and answers the exit code: 0 when every claim held. */
export async function runDemo(args: readonly string[], hooks: DemoHooks = {}): Promise<number> {
  const write = hooks.write ?? ((line) => void process.stdout.write(`${line}\n`));
  let keep: boolean;
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { keep: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) {
      write(USAGE);
      return 0;
    }
    keep = values.keep === true;
  } catch (error) {
    process.stderr.write(`Error: ${reasonOf(error)}\n\n${USAGE}\n`);
    return 1;
  }

  const interrupt = new AbortController();
  const onSignal = (): void => interrupt.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, onSignal);
  const interrupted = new Promise<'interrupted'>((resolve) => {
    interrupt.signal.addEventListener('abort', () => resolve('interrupted'));
  });

  const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
  const { narrator, claims } = createNarrator(write, colours);
  const startedAt = performance.now();
  let world: World | undefined;

  async function tellStory(): Promise<number> {
    narrator.scene('A ledger and a daemon start');
    const made = await createWorld((text) => narrator.say(text), hooks.program);
    world = made;
    const cast = await prepare(made, narrator);
    const tamper = async (recipient: string): Promise<void> => hooks.tamper?.(made, recipient);
    for (const act of [payAtOnce, askInEachTier, repeatARequest, raceTheCap, stealTheToken])
      await act({ ...cast, tamper }, made, narrator);
    const failed = claims.filter(({ held }) => !held);
    narrator.blank();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    write(
      failed.length === 0
        ? `All ${claims.length} claims held, each checked against the ledger, in ${seconds} s.`
        : `${failed.length} of ${claims.length} claims did not hold:`,
    );
    for (const { text, found } of failed) write(`  ✗ ${text} — but: ${found}`);
    if (keep && failed.length === 0) {
      explainKeep(made, cast, write);
      await interrupted;
    }
    return failed.length === 0 ? 0 : 1;
  }

  try {
    const story = tellStory();
    // An interruption ends the story in the middle; what it was doing then is of no interest.
    story.catch(() => undefined);
    const end = await Promise.race([story, interrupted]);
    if (end !== 'interrupted') return end;
    return keep && claims.length > 0 ? 0 : 130;
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${reasonOf(error)}\n`);
    const output = world?.daemonOutput() ?? '';
    if (output !== '')
      process.stderr.write(`\nThe daemon's last lines:\n${output.split('\n').slice(-15).join('\n')}\n`);
    return 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeListener(signal, onSignal);
    await world?.close();
  }
}
