import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { appendLinked } from './forged-row.ts';
import {
  bareEnvironment,
  createHarness,
  createPayer,
  createSession,
  type DaemonProcess,
  type Harness,
  JWT_SECRET,
  PASSWORD,
  setLimits,
} from './harness.ts';
import { balanceOf, readRemains, stranger } from './ledger-truth.ts';
import { recoverHere } from './local-recovery.ts';

/* Backups of a daemon that works, and what becomes of them: by the command, with the real files. */

const WAIAAS = fileURLToPath(new URL('../../../apps/daemon/bin/waiaas.mjs', import.meta.url));

let harness: Harness;

beforeAll(async () => {
  harness = await createHarness(100);
}, 60_000);
afterAll(() => harness.close());

async function waiaas(dataDir: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [WAIAAS, '--data-dir', dataDir, '--json', ...args], {
    env: { ...bareEnvironment(), HOME: '/nonexistent', WAIAAS_MASTER_PASSWORD_FILE: harness.passwordFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const [code] = await once(child, 'close');
  for (const canary of [PASSWORD, JWT_SECRET]) expect(out + err).not.toContain(canary);
  return { code, out, err, json: (): unknown => JSON.parse(out), failure: (): unknown => JSON.parse(err) };
}

/** A port nobody listens on now. */
async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  server.close();
  await once(server, 'close');
  if (bound === null || typeof bound === 'string') throw new Error('No port');
  return String(bound.port);
}

const backupOf = async (dataDir: string): Promise<string> => {
  const made = await waiaas(dataDir, 'backup', 'create');
  expect(made).toMatchObject({ code: 0, err: '' });
  return z.object({ path: z.string() }).parse(made.json()).path;
};
const rowsOf = async (dataDir: string, event: string) =>
  (await readRemains(dataDir)).audit.filter(({ event_type }) => event_type === event);
const pay = async (daemon: DaemonProcess, token: string, amount: bigint): Promise<string> => {
  const to = stranger();
  await daemon.client(token).sendToken({ to, amount });
  return to;
};

test('a backup made beside a daemon at work starts elsewhere, with its keys, and without its sessions', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  const payer = await createPayer(harness, daemon);
  // At work: payments before, during and after.
  const paid = Promise.all(Array.from({ length: 6 }, () => pay(daemon, payer.token, 1_000_000n)));
  // One that waits in the backup, and is paid after it.
  await setLimits(daemon, { delay_seconds: 60 });
  const [late, delayed] = [stranger(), { amount: 2_500_000_000n, tier: 'DELAY' }];
  const { transactionId, ...queued } = await daemon.client(payer.token).sendToken({ to: late, amount: delayed.amount });
  expect(queued).toMatchObject({ status: 'QUEUED', tier: delayed.tier });
  const archive = await backupOf(dataDir);
  await paid;
  await daemon.advance(60);
  await daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 60_000 });
  expect(await balanceOf(harness.ledger, late)).toBe(delayed.amount);
  expect(statSync(archive).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(dataDir, 'backups')).filter((name) => name.startsWith('.'))).toEqual([]);

  const elsewhere = join(dataDir, '..', 'elsewhere');
  const restored = await waiaas(elsewhere, 'backup', 'restore', archive);
  expect(restored.code, restored.err).toBe(0);
  expect(restored.json()).toMatchObject({ restored: true, agents: 1, replaced: null });
  await daemon.stop();
  expect(await rowsOf(dataDir, 'BACKUP_CREATED')).toMatchObject([{ actor: 'cli', severity: 'info' }]);
  expect(readFileSync(join(elsewhere, 'config.toml'), 'utf8')).not.toContain(JWT_SECRET);
  expect(statSync(join(elsewhere, 'config.toml')).mode & 0o777).toBe(0o600);
  expect((await waiaas(elsewhere, 'audit', 'verify')).json()).toMatchObject({ intact: true });

  const second = await harness.start(elsewhere);
  // Another daemon may have paid since: everything is stopped, also after a restart, until somebody says that this is meant.
  const old = () => second.client(payer.token).getBalance();
  await expect(old()).rejects.toMatchObject({ code: 'SYSTEM_LOCKED' });
  expect(await recoverHere(second, elsewhere)).toMatchObject({ status: 200, body: { agentsReactivated: 1 } });
  await expect(old()).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  const { token } = await createSession(second, payer.agentId);
  const to = await pay(second, token, 2_000_000n);
  expect(await balanceOf(harness.ledger, to)).toBe(2_000_000n);
  // What waits in it is not paid another time.
  const seen = await second.operate('GET', `/v1/owner/transactions/${transactionId}`);
  expect(seen.body).toMatchObject({ status: 'CANCELLED', error: expect.stringContaining('BACKUP_RESTORED') });
  expect(await balanceOf(harness.ledger, late)).toBe(delayed.amount);
  await second.stop();
  // That everything was set back is on record where it was.
  expect(await rowsOf(elsewhere, 'BACKUP_RESTORED')).toMatchObject([{ actor: 'cli', severity: 'critical' }]);
  expect(await rowsOf(elsewhere, 'KILL_SWITCH_ACTIVATED')).toMatchObject([{ actor: 'system' }]);
  const third = await harness.start(elsewhere);
  await pay(third, (await createSession(third, payer.agentId)).token, 2_000_000n);
  await third.stop();
  const doctor = await waiaas(elsewhere, 'doctor');
  expect([doctor.code, doctor.json()]).toMatchObject([0, { healthy: true }]);
}, 120_000);

test('nothing is put back over a daemon, without a word, or under an engaged kill switch; what was there is kept', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  const archive = await backupOf(dataDir);
  const payer = await createPayer(harness, daemon);
  const restore = (...more: readonly string[]) => waiaas(dataDir, 'backup', 'restore', archive, ...more);
  await daemon.operate('POST', '/v1/admin/kill-switch', { reason: 'drill' });
  await daemon.stop();
  expect((await restore()).failure()).toMatchObject({ code: 'ALREADY_INITIALIZED' });
  expect((await restore('--force')).failure()).toMatchObject({ code: 'KILL_SWITCH_ACTIVE' });
  const whole = readFileSync(archive);
  writeFileSync(archive, whole.subarray(0, whole.length - 100));
  expect((await restore('--force')).code).toBe(1);
  writeFileSync(archive, whole);
  expect(readdirSync(dataDir).filter((name) => name.startsWith('.init'))).toEqual([]);

  const again = await harness.start(dataDir);
  expect(
    await again
      .client(payer.token)
      .getBalance()
      .catch((error: unknown) => error),
  ).toMatchObject({ code: 'SYSTEM_LOCKED' });
  await again.stop();
  const recovering = harness.copyDataDir(dataDir);
  expect(existsSync(join(recovering, 'config.toml'))).toBe(true);
}, 120_000);

test('a backup takes the place of what went on, and that is kept aside', async () => {
  const dataDir = await harness.createDataDir();
  const archive = await backupOf(dataDir);
  const daemon = await harness.start(dataDir);
  const payer = await createPayer(harness, daemon);
  await daemon.stop();
  const back = await waiaas(dataDir, 'backup', 'restore', archive, '--force');
  expect(back.code, back.err).toBe(0);
  const { replaced } = z.object({ replaced: z.string(), agents: z.literal(0) }).parse(back.json());
  expect(existsSync(join(replaced, 'keystore', `${payer.agentId}.json`))).toBe(true);
  expect(existsSync(archive)).toBe(true);
  const after = await harness.start(dataDir);
  expect((await recoverHere(after, dataDir)).status).toBe(200);
  expect((await after.operate('GET', '/v1/agents')).body).toMatchObject({ agents: [] });
  await after.stop();
}, 120_000);

const statusOf = async (daemon: DaemonProcess): Promise<unknown> =>
  (await daemon.operate('GET', '/v1/admin/status')).body;
const NORMAL = { killSwitch: { status: 'NORMAL' } };
const STOPPED = { killSwitch: { status: 'ACTIVATED', reason: 'a backup was put back' } };

test('a database out of an archive, put in its place by hand, is known to be a copy: nothing that waits in it is paid', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  const payer = await createPayer(harness, daemon);
  await setLimits(daemon, { delay_seconds: 60 });
  const to = stranger();
  const amount = 2_500_000_000n;
  const { transactionId } = await daemon.client(payer.token).sendToken({ to, amount });
  const archive = await backupOf(dataDir);
  await daemon.advance(60);
  await daemon.client(payer.token).waitForTransaction(transactionId, { timeout: 60_000 });
  await daemon.stop();

  // The archive, unpacked without the command: database, settings, keys, heads.
  const byHand = join(dataDir, '..', 'by-hand');
  mkdirSync(byHand, { mode: 0o700 });
  const tar = spawn('tar', ['-xzf', archive, '-C', byHand], { stdio: 'ignore' });
  expect((await once(tar, 'close'))[0]).toBe(0);
  mkdirSync(join(byHand, 'data'), { mode: 0o700 });
  renameSync(join(byHand, 'database.db'), join(byHand, 'data', 'waiaas.db'));
  const second = await harness.start(byHand, {}, 120);
  expect(await statusOf(second)).toMatchObject(STOPPED);
  expect((await recoverHere(second, byHand)).status).toBe(200);
  const seen = await second.operate('GET', `/v1/owner/transactions/${transactionId}`);
  expect(seen.body).toMatchObject({ status: 'CANCELLED', error: expect.stringContaining('BACKUP_RESTORED') });
  expect(await balanceOf(harness.ledger, to)).toBe(amount);
  await second.stop();
  expect(await rowsOf(byHand, 'BACKUP_RESTORED')).toMatchObject([{ actor: 'system', severity: 'critical' }]);
  // Known from then on: the next start goes on.
  const third = await harness.start(byHand, {}, 120);
  expect(await statusOf(third)).toMatchObject(NORMAL);
  await third.stop();
}, 120_000);

test('a note of a command that cannot be read stops a start, and a daemon at work, as a backup that was put back', async () => {
  const dataDir = await harness.createDataDir();
  const notes = join(dataDir, 'command-notes');
  mkdirSync(notes, { mode: 0o700 });
  writeFileSync(join(notes, 'a.json'), '{', { mode: 0o600 });
  const daemon = await harness.start(dataDir, { CHAOS_COMMAND_NOTES_MS: '50' });
  expect(await statusOf(daemon)).toMatchObject(STOPPED);
  expect((await recoverHere(daemon, dataDir)).status).toBe(200);
  expect(await statusOf(daemon)).toMatchObject(NORMAL);
  writeFileSync(join(notes, '.b'), '{', { mode: 0o600 });
  renameSync(join(notes, '.b'), join(notes, 'b.json'));
  await expect.poll(() => statusOf(daemon), { timeout: 20_000 }).toMatchObject(STOPPED);
  await expect.poll(() => readdirSync(notes), { timeout: 20_000 }).toEqual(['a.json.unreadable', 'b.json.unreadable']);
  await daemon.stop();
  // Stopped before it is on record: no start may take it for what was there while nothing was stopped.
  const order = (await readRemains(dataDir)).audit
    .map(({ event_type }) => event_type)
    .filter((event) => ['BACKUP_RESTORED', 'KILL_SWITCH_ACTIVATED', 'KILL_SWITCH_RECOVERED'].includes(event));
  expect(order).toEqual([
    ...['BACKUP_RESTORED', 'KILL_SWITCH_ACTIVATED', 'KILL_SWITCH_RECOVERED'],
    ...['KILL_SWITCH_ACTIVATED', 'BACKUP_RESTORED'],
  ]);
}, 120_000);

test('only so many are kept, the newest', async () => {
  const dataDir = await harness.createDataDir();
  const first = await backupOf(dataDir);
  const second = await backupOf(dataDir);
  const third = await waiaas(dataDir, 'backup', 'create', '--max-backups', '2');
  expect(third.json()).toMatchObject({ removed: [first] });
  const { backups } = z
    .object({ backups: z.array(z.object({ path: z.string() })) })
    .parse((await waiaas(dataDir, 'backup', 'list')).json());
  expect(backups.map(({ path }) => path)).toEqual([z.object({ path: z.string() }).parse(third.json()).path, second]);
  const taken = await waiaas(dataDir, 'backup', 'create', '--output', second);
  expect(taken.failure()).toMatchObject({ code: 'BACKUP_EXISTS' });
}, 60_000);

test('a doctor finds a key that is gone, a total that was changed, a file that others can read, a chain that is silent', async () => {
  const dataDir = await harness.createDataDir('[rpc.ethereum]\nlocalnet = "http://127.0.0.1:9"');
  const daemon = await harness.start(dataDir);
  const payer = await createPayer(harness, daemon);
  await daemon.operate('POST', '/v1/agents', { name: 'mute', chain: 'ethereum', network: 'localnet' });
  await pay(daemon, payer.token, 1_000_000n);
  await daemon.stop();
  const { default: Database } = await import('better-sqlite3');
  const path = join(dataDir, 'data', 'waiaas.db');
  const database = new Database(path);
  for (const { name } of z
    .array(z.object({ name: z.string() }))
    .parse(
      database.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'spend_ledger'").all(),
    )) {
    database.exec(`DROP TRIGGER ${name}`);
  }
  database.exec("UPDATE spend_ledger SET cumulative = '1'");
  database.close();
  const { chmodSync } = await import('node:fs');
  chmodSync(join(dataDir, 'config.toml'), 0o644);
  renameSync(join(dataDir, 'keystore', `${payer.agentId}.json`), join(dataDir, 'gone.json'));
  const { code, json } = await waiaas(dataDir, 'doctor');
  expect(code).toBe(1);
  const { findings } = z
    .object({
      healthy: z.literal(false),
      findings: z.array(z.object({ check: z.string(), status: z.string(), text: z.string() })),
    })
    .parse(json());
  const wrong = findings.filter(({ status }) => status === 'failure').map(({ check }) => check);
  expect(wrong).toEqual(['spending', 'keys', 'chains']);
  expect(findings.find(({ text }) => text.includes('ethereum localnet'))).toMatchObject({ status: 'failure' });
  expect(findings.find(({ check }) => check === 'directory')).toMatchObject({ status: 'warning' });
  // Looked at, and left alone.
  expect(statSync(join(dataDir, 'config.toml')).mode & 0o777).toBe(0o644);
}, 120_000);

test('a key is carried to another data directory, where it pays; neither it nor its passwords are printed', async () => {
  const [here, there] = [await harness.createDataDir(), await harness.createDataDir()];
  const daemon = await harness.start(here);
  const payer = await createPayer(harness, daemon);
  const output = join(here, '..', `${payer.agentId}.json`);
  const password = join(here, 'export-password');
  writeFileSync(password, 'Canary-Export-Password-73\n', { mode: 0o600 });
  const options = ['--output', output, '--export-password-file', password];
  await daemon.stop();
  const exported = await waiaas(here, 'agent', 'export', payer.agentId, ...options);
  expect([exported.code, exported.json()]).toMatchObject([0, { publicKey: payer.address, path: output }]);
  expect(statSync(output).mode & 0o777).toBe(0o600);
  expect((await waiaas(here, 'agent', 'export', payer.agentId, ...options)).failure()).toMatchObject({
    code: 'FILE_EXISTS',
  });
  const same = ['--output', join(here, 'x'), '--export-password-file', harness.passwordFile];
  expect((await waiaas(here, 'agent', 'export', payer.agentId, ...same)).failure()).toMatchObject({ code: 'USAGE' });

  const wrong = await waiaas(there, 'agent', 'import', output, '--import-password-file', harness.passwordFile);
  expect(wrong.failure()).toMatchObject({ code: 'KEYSTORE_WRONG_PASSWORD' });
  const taken = await waiaas(there, 'agent', 'import', output, '--import-password-file', password, '--name', 'moved');
  const { agentId } = z.object({ agentId: z.string(), publicKey: z.literal(payer.address) }).parse(taken.json());
  const twice = await waiaas(there, 'agent', 'import', output, '--import-password-file', password);
  expect(twice.failure()).toMatchObject({ code: 'KEYSTORE_KEY_EXISTS' });
  for (const { out, err } of [exported, wrong, taken, twice]) expect(out + err).not.toContain('Canary-Export');

  const second = await harness.start(there);
  const { token } = await createSession(second, agentId);
  const to = await pay(second, token, 3_000_000n);
  expect(await balanceOf(harness.ledger, to)).toBe(3_000_000n);
  await second.stop();
  expect((await waiaas(there, 'audit', 'verify')).json()).toMatchObject({ intact: true });
  const events = async (dataDir: string) => (await readRemains(dataDir)).audit.map(({ event_type }) => event_type);
  expect(await events(here)).toContain('AGENT_KEY_EXPORTED');
  expect(await events(there)).toEqual(expect.arrayContaining(['AGENT_CREATED', 'AGENT_KEY_IMPORTED']));

  // The seal of what a command writes would cover what somebody else has written before it.
  appendLinked(here, 'KILL_SWITCH_RECOVERED');
  const again = ['--output', join(here, 'y'), '--export-password-file', password];
  expect((await waiaas(here, 'agent', 'export', payer.agentId, ...again)).failure()).toMatchObject({
    code: 'AUDIT_CHAIN_BROKEN',
  });
  expect((await events(here)).at(-1)).toBe('KILL_SWITCH_RECOVERED');
}, 120_000);

test('keys and archives stay where they are while a daemon is at work', async () => {
  const dataDir = await harness.createDataDir();
  const archive = await backupOf(dataDir);
  const password = join(dataDir, 'export-password');
  writeFileSync(password, 'Canary-Export-Password-73\n', { mode: 0o600 });
  const out = ['--output', join(dataDir, 'out.json'), '--export-password-file', password];
  expect((await waiaas(dataDir, 'start', '--daemon', '--port', await freePort())).code).toBe(0);
  try {
    expect((await waiaas(dataDir, 'backup', 'restore', archive, '--force')).code).toBe(2);
    expect((await waiaas(dataDir, 'agent', 'import', archive, '--import-password-file', password)).code).toBe(2);
    expect((await waiaas(dataDir, 'agent', 'export', 'nobody', ...out)).code).toBe(2);
    expect((await waiaas(dataDir, 'doctor', '--offline')).json()).toMatchObject({ healthy: true });
  } finally {
    expect((await waiaas(dataDir, 'stop')).code).toBe(0);
  }
}, 60_000);
