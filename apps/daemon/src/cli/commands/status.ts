import { lstatSync } from 'node:fs';
import {
  type AdminStatusResponse,
  adminStatusResponseSchema,
  type HealthResponse,
  healthResponseSchema,
} from '@waiaas/core';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { removeStaleFiles } from '../../instance/index.ts';
import { type PasswordFlags, suppliedPassword } from '../../password/index.ts';
import { unlessMissing } from '../../system-error.ts';
import { CliError, failureOf } from '../cli-error.ts';
import { type CommandContext, localDaemon } from '../context.ts';
import { callDaemon } from '../daemon-client.ts';
import { facts, failureText, jsonLine } from '../output.ts';
import { type CommandModule, withPasswordOptions } from '../program.ts';

/** A daemon that lives but does not answer within this time is reported as such (01 §5.4). */
const HEALTH_TIMEOUT_MS = 3000;

/** `waiaas status` (01 §5.4). Figures only the operator may see are shown when a password is supplied, never asked for. */
export const statusCommand: CommandModule = (program, handle) => {
  const command = program.command('status').description('show whether the daemon runs, and how it does');
  handle<PasswordFlags>(withPasswordOptions(command), status);
};

async function status(context: CommandContext, flags: PasswordFlags): Promise<ExitCode> {
  const { dataDir, io, json } = context;
  if (unlessMissing(() => lstatSync(dataDir), null) === null) {
    throw new CliError({
      code: 'NOT_INITIALIZED',
      message: `There is no data directory ${dataDir}.`,
      hint: 'Run "waiaas init" first, or name another directory with --data-dir.',
      exitCode: EXIT.NOT_RUNNING,
    });
  }
  const { config, files, state } = localDaemon(context);
  if (state.state !== 'running') {
    const stale = state.state === 'stale';
    if (stale) removeStaleFiles(files, state.pid);
    const text = stale ? 'The daemon is not running; a stale PID file was removed.\n' : 'The daemon is not running.\n';
    io.out(json ? jsonLine({ running: false, ...(stale ? { stalePidCleaned: true } : {}) }) : text);
    return EXIT.SUCCESS;
  }
  const { pid } = state;
  const port = state.port ?? config.daemon.port;
  const address = `127.0.0.1:${port}`;
  const health = await healthOf(port);
  if (health === null) {
    io.out(
      json
        ? jsonLine({ running: true, pid, healthy: false })
        : `The daemon (PID ${pid}) is running but not responding.\n`,
    );
    return EXIT.SUCCESS;
  }
  const supplied = suppliedPassword({ flags, env: io.env });
  const { admin, failure } = supplied === null ? NOTHING_MORE : await adminOf(port, supplied.password);
  io.out(json ? jsonLine(statusJson(pid, address, health, admin)) : statusText(pid, address, health, admin));
  if (failure === null) return EXIT.SUCCESS;
  io.err(failureText(failure, json));
  return failure.exitCode;
}

const NOTHING_MORE = { admin: null, failure: null } as const;

async function healthOf(port: number): Promise<HealthResponse | null> {
  try {
    return await callDaemon({
      port,
      method: 'GET',
      path: '/health',
      timeoutMs: HEALTH_TIMEOUT_MS,
      answer: healthResponseSchema,
    });
  } catch (error) {
    if (error instanceof CliError) return null;
    throw error;
  }
}

async function adminOf(port: number, password: string) {
  try {
    const admin = await callDaemon({
      port,
      method: 'GET',
      path: '/v1/admin/status',
      password,
      answer: adminStatusResponseSchema,
    });
    return { admin, failure: null };
  } catch (error) {
    if (error instanceof CliError) return { admin: null, failure: failureOf(error) };
    throw error;
  }
}

const healthFields = (pid: number, address: string, { status, version, uptime, killSwitch }: HealthResponse) => ({
  running: true,
  pid,
  healthy: status === 'healthy',
  status,
  version,
  uptime,
  address,
  killSwitch,
});

const statusJson = (pid: number, address: string, health: HealthResponse, admin: AdminStatusResponse | null) => ({
  ...healthFields(pid, address, health),
  ...(admin === null
    ? {}
    : {
        agents: admin.agents,
        sessions: admin.sessions,
        adapters: Object.fromEntries(
          admin.adapters.map(({ chain, network, healthy, latencyMs }) => [
            `${chain}/${network}`,
            { healthy, latencyMs },
          ]),
        ),
        resources: {
          dbSizeBytes: admin.database.sizeBytes,
          walSizeBytes: admin.database.walSizeBytes,
          memoryRssBytes: admin.memory.rssBytes,
          keysLoaded: admin.keystore.keysLoaded,
        },
      }),
});

const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

function statusText(pid: number, address: string, health: HealthResponse, admin: AdminStatusResponse | null): string {
  const basic = facts([
    ['Daemon', `running (PID ${pid})`],
    ['Health', health.status],
    ['Version', health.version],
    ['Uptime', `${health.uptime} s`],
    ['Address', address],
    ['Kill switch', health.killSwitch],
  ]);
  if (admin === null) return basic;
  const { agents, sessions, adapters, database, memory, keystore } = admin;
  return (
    basic +
    facts([
      ['Agents', `${agents.active} active, ${agents.suspended} suspended, ${agents.total} in all`],
      ['Sessions', `${sessions.active} active`],
      ['Keys', `${keystore.keysLoaded} loaded, keystore ${keystore.unlocked ? 'unlocked' : 'locked'}`],
      ['Database', `${mebibytes(database.sizeBytes)}, log ${mebibytes(database.walSizeBytes)}`],
      ['Memory', mebibytes(memory.rssBytes)],
      ...adapters.map(({ chain, network, healthy, latencyMs }): readonly [string, string] => [
        `${chain} ${network}`,
        healthy ? `connected${latencyMs === null ? '' : `, ${latencyMs} ms`}` : 'not reachable',
      ]),
    ])
  );
}
