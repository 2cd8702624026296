import { parseArgs } from 'node:util';
import { PortInUseError } from './listen.ts';
import { startLocalnet } from './localnet.ts';
import type { LocalnetOptions } from './options.ts';

const USAGE = `Usage: localnet [options]

Runs a Solana ledger in this process and serves JSON-RPC and PubSub.

  --port N             HTTP port, 0 for a free one (default 8899)
  --ws-port N          WebSocket port, 0 for a free one (default: port + 1, or 0 when port is 0)
  --host ADDRESS       address to listen on (default 127.0.0.1)
  --slot-ms N|manual   milliseconds for each slot; "manual" waits for the control endpoint (default 400)
  --confirm-after N    slots until a block is confirmed (default 1)
  --finalize-after N   slots until a block is finalized (default 32)
  --help               show this text
`;

/** Where the command writes. */
export interface Output {
  write(text: string): unknown;
}

/**
 * Runs the command until a signal ends it.
 *
 * @returns the exit code: 0 after a clean end or --help, 1 when it could not start
 */
export async function main(args: readonly string[], stdout: Output, stderr: Output): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === undefined) {
      stdout.write(USAGE);
      return 0;
    }
    const signalled = untilSignal();
    const localnet = await startLocalnet(options);
    stdout.write(`localnet ready ${localnet.rpcUrl} ${localnet.wsUrl}\n`);
    await signalled;
    await localnet.close();
    return 0;
  } catch (thrown) {
    stderr.write(`localnet: ${explain(thrown)}\n`);
    return 1;
  }
}

/** Undefined when help was asked for. @throws Error for options that do not exist or make no sense */
function readOptions(args: readonly string[]): LocalnetOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      port: { type: 'string' },
      'ws-port': { type: 'string' },
      host: { type: 'string' },
      'slot-ms': { type: 'string' },
      'confirm-after': { type: 'string' },
      'finalize-after': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  const port = whole('--port', values.port) ?? 8899;
  const slotMs = values['slot-ms'];
  const confirmAfterSlots = whole('--confirm-after', values['confirm-after']);
  const finalizeAfterSlots = whole('--finalize-after', values['finalize-after']);
  return {
    port,
    wsPort: whole('--ws-port', values['ws-port']) ?? (port === 0 ? 0 : port + 1),
    host: values.host ?? '127.0.0.1',
    slotMs: slotMs === 'manual' ? slotMs : (whole('--slot-ms', slotMs) ?? 400),
    ...(confirmAfterSlots === undefined ? {} : { confirmAfterSlots }),
    ...(finalizeAfterSlots === undefined ? {} : { finalizeAfterSlots }),
  };
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, not "${text}"`);
  return Number(text);
}

function explain(thrown: unknown): string {
  if (thrown instanceof PortInUseError) return `${thrown.message}; choose another with --port or --ws-port`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
