import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { address, createSolanaRpc, type Lamports } from '@solana/kit';
import { freePort, runCommand, type Service, startService } from './processes.ts';

const WAIAAS = fileURLToPath(import.meta.resolve('@waiaas/daemon/package.json')).replace(
  'package.json',
  'bin/waiaas.mjs',
);
const LOCALNET = fileURLToPath(import.meta.resolve('@waiaas/localnet/package.json')).replace(
  'package.json',
  'bin/localnet.mjs',
);

/** What the demo runs in: an embedded ledger and a daemon with a data directory of its own. */
export interface World {
  readonly daemonUrl: string;
  readonly ledgerUrl: string;
  readonly dataDir: string;
  readonly passwordFile: string;
  /** Runs a `waiaas` command and answers its JSON. */
  waiaas(...args: string[]): Promise<unknown>;
  /** Balance as the ledger has it, lamports. */
  ledgerBalance(owner: string): Promise<bigint>;
  /** Gives an address money on the ledger. */
  fund(owner: string, lamports: bigint): Promise<void>;
  /** A request with the operator's password. */
  operate(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Last lines of the daemon, for a failure. */
  daemonOutput(): string;
  close(): Promise<void>;
}

/** Milliseconds of a slot: fast, so that the demo is. */
const SLOT_MS = 100;

/**
 * Starts the ledger and the daemon. What was started is stopped again when this fails.
 * @param program the `waiaas` command; default: this repository's
 */
export async function createWorld(onStep: (text: string) => void, program = WAIAAS): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'waiaas-demo-'));
  const dataDir = join(folder, 'data');
  const passwordFile = join(folder, 'master-password');
  const password = randomBytes(18).toString('base64url');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  const services: Service[] = [];
  const close = async (): Promise<void> => {
    for (const service of services.reverse()) await service.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const ledger = await startService(
      'ledger',
      LOCALNET,
      ['--port', '0', '--ws-port', '0', '--slot-ms', String(SLOT_MS)],
      {},
      /localnet ready (http:\S+) (ws:\S+)/,
    );
    services.push(ledger.service);
    const ledgerUrl = ledger.match[1] ?? '';
    onStep('A Solana ledger runs inside this machine');

    const env = {
      WAIAAS_DATA_DIR: dataDir,
      WAIAAS_MASTER_PASSWORD_FILE: passwordFile,
      WAIAAS_RPC_SOLANA_LOCALNET: ledgerUrl,
      WAIAAS_RPC_SOLANA_WS_LOCALNET: ledger.match[2] ?? '',
      // Nobody can be notified here; without this, NOTIFY and DELAY would wait for an approval instead.
      WAIAAS_NOTIFICATIONS_MIN_CHANNELS: '0',
      // The demo asks more often in its few seconds than an agent may by default.
      WAIAAS_SECURITY_RATE_LIMIT_TX_RPM: '1000',
      WAIAAS_SECURITY_RATE_LIMIT_GLOBAL_RPM: '1000',
    };
    const waiaas = (...args: string[]): Promise<string> => runCommand(program, args, env);
    await waiaas('init', '--non-interactive');
    onStep('waiaas init made a data directory, a vault and the default policy');
    const port = await freePort();
    const daemon = await startService('daemon', program, ['start', '--port', String(port)], env, /ready on (\S+)/);
    services.push(daemon.service);
    onStep(`waiaas start: the daemon listens on 127.0.0.1:${port}`);

    const daemonUrl = `http://127.0.0.1:${port}`;
    const rpc = createSolanaRpc(ledgerUrl);
    const ledgerBalance = async (owner: string): Promise<bigint> => {
      const { value }: { value: Lamports } = await rpc.getBalance(address(owner), { commitment: 'processed' }).send();
      return value;
    };
    return {
      daemonUrl,
      ledgerUrl,
      dataDir,
      passwordFile,
      waiaas: async (...args) => JSON.parse(await waiaas(...args, '--json')),
      ledgerBalance,
      async fund(owner, lamports) {
        const response = await fetch(ledgerUrl, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: `{"jsonrpc":"2.0","id":1,"method":"requestAirdrop","params":["${owner}",${lamports}]}`,
          signal: AbortSignal.timeout(10_000),
        });
        const answer = await response.text();
        if (answer.includes('"error"')) throw new Error(`The ledger refused the airdrop: ${answer}`);
        const before = await ledgerBalance(owner);
        if (before < lamports) throw new Error('The airdrop did not arrive');
      },
      async operate(method, path, body) {
        const response = await fetch(`${daemonUrl}${path}`, {
          method,
          headers: { 'x-master-password': password, 'content-type': 'application/json' },
          signal: AbortSignal.timeout(10_000),
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const answer: unknown = await response.json();
        if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
        return answer;
      },
      daemonOutput: daemon.service.output,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
