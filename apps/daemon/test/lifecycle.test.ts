import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { systemClock, unixSeconds, WaiaasError } from '@waiaas/core';
import { appendAudit, openStorage } from '@waiaas/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { finish, freePort, makePlace, PASSWORD, type Place } from './waiaas.ts';

let place: Place;
let port: number;
beforeEach(async () => {
  place = makePlace();
  port = await freePort();
});
afterEach(() => place.clean());

const secret = () => ['--password-file', place.passwordFile];
const init = () => place.run(['init', ...secret()]);
const background = (...more: string[]) => place.run(['start', '-d', '--port', String(port), ...secret(), ...more]);
const log = (): string => readFileSync(place.path('logs/daemon.log'), 'utf8');

describe('the life of a daemon', () => {
  test('start in the background, status, stop; it outlives the command that started it', async () => {
    await init();
    const started = await background();
    expect([started.code, started.err]).toEqual([0, '']);
    expect(started.out).toContain(`WAIaaS daemon started in background (PID: ${place.pid()})`);
    expect(started.out).toContain(`127.0.0.1:${port}`);
    expect(readFileSync(place.path('daemon.pid'), 'utf8')).toMatch(/^\d+$/);
    expect(statSync(place.path('daemon.pid')).mode & 0o777).toBe(0o644);

    // The port came from a flag; the status finds it all the same, and shows figures only to the operator.
    const plain = JSON.parse((await place.run(['status', '--json'])).out);
    expect(plain).toMatchObject({ running: true, pid: place.pid(), version: '0.2.0', address: `127.0.0.1:${port}` });
    expect(plain).not.toHaveProperty('resources');
    const full = JSON.parse((await place.run(['status', '--json', ...secret()])).out);
    expect(full).toMatchObject({ agents: { total: 0 }, sessions: { active: 0 }, resources: { keysLoaded: 0 } });
    writeFileSync(join(place.root, 'bad'), 'wrong-password-here');
    const refused = await place.run(['status', '--password-file', join(place.root, 'bad')]);
    expect([refused.code, refused.out.includes('running')]).toEqual([4, true]);

    const second = await place.run(['start', ...secret(), '--port', String(await freePort())]);
    expect([second.code, second.err]).toEqual([2, expect.stringMatching(/already running.*PID \d+[\s\S]*waiaas stop/)]);
    const forced = await place.run(['init', '--force', ...secret()]);
    expect([forced.code, existsSync(place.path('keystore/vault.json'))]).toEqual([2, true]);

    const stopped = await place.run(['stop']);
    expect([stopped.code, stopped.out]).toEqual([0, expect.stringContaining('stopped gracefully')]);
    for (const name of ['daemon.pid', 'daemon.json', 'daemon.lock', 'data/waiaas.db-wal']) {
      expect([name, existsSync(place.path(name))]).toEqual([name, false]);
    }
    expect((await place.run(['stop'])).code).toBe(3);
    expect((await place.run(['status', '--json'])).out).toBe('{"running":false}\n');
  });

  test('in the foreground it tells each step, and ends with 0 at SIGTERM', async () => {
    await init();
    const child = place.spawn(['start', '--port', String(port), ...secret()]);
    const finished = finish(child);
    await untilReady(child);
    child.kill('SIGTERM');
    child.kill('SIGTERM');
    const { code, out } = await finished;
    expect(code).toBe(0);
    expect(out).toContain(`WAIaaS daemon v0.2.0 ready on 127.0.0.1:${port} (PID: ${child.pid})`);
    for (const step of ['Environment checked', 'Database ready', 'Keystore unlocked', 'Listening'])
      expect(out).toContain(step);
    expect(existsSync(place.path('daemon.pid'))).toBe(false);
  });

  test('with --json every line of a foreground start is JSON', async () => {
    await init();
    const child = place.spawn(['start', '--json', '--port', String(port), ...secret()]);
    const finished = finish(child);
    await untilReady(child);
    child.kill('SIGINT');
    const lines = (await finished).out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-1)).toMatchObject({ type: 'ready', port, pid: child.pid });
  });

  test('after kill -9 the next start takes over, whatever the PID file says', async () => {
    await init();
    await background();
    process.kill(place.pid(), 'SIGKILL');
    await expect
      .poll(async () => (await place.run(['status', '--json'])).out, { timeout: 20_000 })
      .toContain('"stalePidCleaned":true');
    for (const left of ['garbage', '', String(process.pid), '1\n2']) {
      writeFileSync(place.path('daemon.pid'), left);
      writeFileSync(place.path('daemon.json'), JSON.stringify({ pid: process.pid, port: 1, stamp: 'former boot:1' }));
      expect([left, (await background()).code]).toEqual([left, 0]);
      expect([left, (await place.run(['stop'])).code]).toEqual([left, 0]);
    }
  });

  test('agents and sessions from the command line; a start in the background with 15 agents', async () => {
    await init();
    await background();
    const create = (name: string, ...more: string[]) =>
      place.run(['agent', 'create', name, '--chain', 'solana', '--network', 'localnet', ...secret(), ...more]);
    const first = JSON.parse((await create('twin', '--json')).out);
    expect(first).toMatchObject({ name: 'twin', status: 'ACTIVE', chain: 'solana', network: 'localnet' });
    await create('twin');
    for (let index = 2; index < 15; index++) {
      const created = await fetch(`http://127.0.0.1:${port}/v1/agents`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-master-password': PASSWORD },
        body: JSON.stringify({ name: `agent ${index}`, chain: 'solana', network: 'localnet' }),
      });
      expect(created.status).toBe(201);
    }
    const { agents } = JSON.parse((await place.run(['agent', 'list', '--json', ...secret()])).out);
    expect(agents).toHaveLength(15);
    expect((await place.run(['agent', 'list', ...secret()])).out).toContain(first.publicKey);
    expect((await place.run(['agent', 'info', first.id, ...secret()])).out).toContain(first.publicKey);
    const twins = await place.run(['agent', 'info', 'twin', ...secret()]);
    expect([twins.code, twins.err]).toEqual([1, expect.stringContaining(first.id)]);
    const nobody = await place.run(['agent', 'info', 'nobody', '--json', ...secret()]);
    expect([nobody.code, JSON.parse(nobody.err)]).toEqual([1, expect.objectContaining({ code: 'AGENT_NOT_FOUND' })]);

    const open = (...more: string[]) => place.run(['session', 'create', '--agent-id', first.id, ...more, ...secret()]);
    const session = await open('--expires-in', '600', '--constraints', '{"maxAmountPerTx":"1000"}');
    expect([session.code, session.out.match(/wai_sess_/g)?.length]).toEqual([0, 1]);
    expect(session.out).toContain('maxAmountPerTx');
    expect((await open('--expires-in', '299')).code).toBe(1);
    writeFileSync(join(place.root, 'bad'), 'wrong-password-here');
    const wrong = await place.run(['agent', 'list', '--password-file', join(place.root, 'bad')]);
    expect([wrong.code, wrong.err]).toEqual([4, expect.stringContaining('INVALID_MASTER_PASSWORD')]);

    expect((await place.run(['stop'])).code).toBe(0);
    expect((await background()).code).toBe(0);
    const status = JSON.parse((await place.run(['status', '--json', ...secret()])).out);
    expect(status.resources.keysLoaded).toBe(15);
  }, 120_000);

  test('SIGHUP takes over the log level, and keeps the old settings when the new ones are bad', async () => {
    await init();
    await background();
    const config = readFileSync(place.path('config.toml'), 'utf8');
    writeFileSync(place.path('config.toml'), config.replace('[daemon]', '[daemon]\nlog_level = "debug"\nport = 4000'));
    process.kill(place.pid(), 'SIGHUP');
    await expect.poll(log).toContain('Configuration reloaded');
    writeFileSync(place.path('config.toml'), config.replace('[daemon]', '[daemon]\nlog_level = "loud"'));
    process.kill(place.pid(), 'SIGHUP');
    await expect.poll(log).toContain('The configuration was not reloaded');
    expect(log()).toContain('daemon.log_level');
    process.kill(place.pid(), 'SIGUSR2');
    await expect.poll(log).toContain('State of the daemon');
    writeFileSync(place.path('config.toml'), config);
    expect((await place.run(['stop'])).code).toBe(0);
  });

  test('a PID file moved by the configuration is honoured', async () => {
    await init();
    const env = { WAIAAS_DAEMON_PID_FILE: 'run.pid' };
    expect((await place.run(['start', '-d', '--port', String(port), ...secret()], env)).code).toBe(0);
    expect([existsSync(place.path('run.pid')), existsSync(place.path('daemon.pid'))]).toEqual([true, false]);
    expect(JSON.parse((await place.run(['status', '--json'], env)).out)).toMatchObject({ running: true });
    expect((await place.run(['stop'], env)).code).toBe(0);
    expect(existsSync(place.path('run.pid'))).toBe(false);
  });
});

describe('a start that fails', () => {
  test.each(['foreground', 'background'])('in the %s names what is wrong and leaves nothing locked', async (where) => {
    const mode = where === 'background' ? ['-d'] : [];
    const start = (args: readonly string[], env = {}) => place.run(['start', ...mode, ...args], env);
    expect((await start(secret())).code).toBe(3);
    mkdirSync(place.dataDir);
    expect((await start(secret())).code).toBe(3);
    await init();

    writeFileSync(join(place.root, 'bad'), 'wrong-password-here');
    const wrong = await start(['--port', String(port), '--password-file', join(place.root, 'bad')]);
    expect([wrong.code, wrong.err]).toEqual([4, expect.stringMatching(/^Error: The master password is wrong/)]);

    const none = await start(['--port', String(port)]);
    expect([none.code, none.err]).toEqual([1, expect.stringContaining('WAIAAS_MASTER_PASSWORD_FILE')]);

    const lowPort = await start(['--port', '80', ...secret()]);
    expect([lowPort.code, lowPort.err]).toEqual([1, expect.stringContaining('daemon.port (from --port) is 80')]);

    const level = await start(secret(), { WAIAAS_LOG_LEVEL: 'loud' });
    expect([level.code, level.err]).toEqual([1, expect.stringContaining('WAIAAS_LOG_LEVEL')]);

    const taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    const busy = await start(['--port', String(port), ...secret()]);
    taken.close();
    expect([busy.code, busy.err]).toEqual([1, expect.stringContaining(`Port ${port} is in use`)]);

    const config = readFileSync(place.path('config.toml'), 'utf8');
    writeFileSync(place.path('config.toml'), `${config}\n[daemon\n`);
    const malformed = await start(secret());
    expect([malformed.code, malformed.err]).toEqual([
      1,
      expect.stringMatching(/config\.toml is not valid TOML: line \d+/),
    ]);
    writeFileSync(place.path('config.toml'), config.replace(/jwt_secret = .*/, 'jwt_secret = ""'));
    const empty = await start(secret());
    expect([empty.code, empty.err]).toEqual([1, expect.stringContaining('security.jwt_secret')]);
    writeFileSync(place.path('config.toml'), config);

    for (const name of ['daemon.pid', 'daemon.lock', 'data/waiaas.db-wal']) {
      expect([name, existsSync(place.path(name))]).toEqual([name, false]);
    }
    expect((await background()).code).toBe(0);
  });

  test('a clock that was set back while it was down stops it, until somebody vouches for it', async () => {
    await init();
    expect((await background()).code).toBe(0);
    expect((await place.run(['stop'])).code).toBe(0);
    // Written without the vault, which the next start finds to be so.
    const locked = (): never => {
      throw new WaiaasError('KEYSTORE_LOCKED');
    };
    const storage = openStorage({
      path: place.path('data/waiaas.db'),
      backupFolder: place.path('backups'),
      clock: systemClock,
      sealer: { seal: locked, verify: locked },
    });
    const later = unixSeconds(systemClock) + 7200;
    await storage.write(({ db }) => appendAudit(db, later, { event: 'DAEMON_STOPPED', actor: 'system' }));
    await storage.close();

    const refused = await background();
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/The clock shows .*--accept-clock/s)]);
    expect((await background('--accept-clock')).code).toBe(0);
    expect((await place.run(['stop'])).code).toBe(0);
    // Once accepted, the records from before do not count any more.
    expect((await background()).code).toBe(0);
  });

  test('loose modes are repaired and told', async () => {
    await init();
    for (const name of ['', 'keystore']) chmodSync(place.path(name), 0o755);
    for (const name of ['config.toml', 'data/waiaas.db', 'keystore/vault.json']) chmodSync(place.path(name), 0o644);
    expect((await background()).code).toBe(0);
    expect(statSync(place.path('keystore/vault.json')).mode & 0o777).toBe(0o600);
    expect(statSync(place.path('config.toml')).mode & 0o777).toBe(0o600);
    for (const name of ['data/waiaas.db', 'data/waiaas.db-wal', 'data/waiaas.db-shm', 'daemon.json', 'daemon.lock']) {
      expect([name, (statSync(place.path(name)).mode & 0o777).toString(8)]).toEqual([name, '600']);
    }
    expect(log()).toContain('keystore/vault.json had mode 0644');
  });

  test('a symbolic link in the data directory stops it', async () => {
    await init();
    renameSync(place.path('keystore'), join(place.root, 'elsewhere'));
    symlinkSync(join(place.root, 'elsewhere'), place.path('keystore'));
    const { code, err } = await background();
    expect([code, err]).toEqual([1, expect.stringContaining('symbolic link')]);
    rmSync(place.path('keystore'));
  });
});

describe('secrets', () => {
  test('leave no trace in the log, the process table, or the environment of the daemon', async () => {
    await place.run(['init', ...secret()]);
    const jwtSecret = /jwt_secret = "([0-9a-f]+)"/.exec(readFileSync(place.path('config.toml'), 'utf8'))?.[1] ?? '';
    const started = await place.run(['start', '-d', '--log-level', 'trace', '--port', String(port)], {
      WAIAAS_MASTER_PASSWORD: PASSWORD,
    });
    expect([started.code, started.err]).toEqual([
      0,
      expect.stringContaining('a file (WAIAAS_MASTER_PASSWORD_FILE) is safer'),
    ]);
    const agent = JSON.parse(
      (await place.run(['agent', 'create', 'bot', '--chain', 'solana', '--network', 'localnet', '--json', ...secret()]))
        .out,
    );
    const { token } = JSON.parse(
      (await place.run(['session', 'create', '--agent-id', agent.id, '--json', ...secret()])).out,
    );
    await fetch(`http://127.0.0.1:${port}/v1/wallet/address`, { headers: { authorization: `Bearer ${token}` } });
    await fetch(`http://127.0.0.1:${port}/v1/agents`, { headers: { 'x-master-password': 'canary wrong password' } });
    const traces = [log(), started.out];
    if (process.platform === 'linux') {
      traces.push(
        readFileSync(`/proc/${place.pid()}/cmdline`, 'utf8'),
        readFileSync(`/proc/${place.pid()}/environ`, 'utf8'),
      );
    }
    expect((await place.run(['stop'])).code).toBe(0);
    traces.push(log());
    for (const canary of [PASSWORD, 'canary', jwtSecret, token, token.slice(-20)]) {
      for (const trace of traces) expect(trace).not.toContain(canary);
    }
    expect(jwtSecret).toHaveLength(64);
  });
});

async function untilReady(child: ReturnType<Place['spawn']>): Promise<void> {
  let seen = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      seen += chunk;
      if (/ready on|"type":"ready"/.test(seen)) resolve();
    });
    child.on('exit', () => reject(new Error(`It ended: ${seen}`)));
  });
}
