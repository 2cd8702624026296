import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AuditFault, auditLogResponseSchema, auditVerificationSchema } from '@waiaas/core';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareEnvironment, createHarness, createPayer, type DaemonProcess, type Harness } from './harness.ts';
import { readRemains, stranger } from './ledger-truth.ts';

/* 09 no. 5 with the real daemon, the real command and somebody with sqlite3 and the database file. */

const WAIAAS = fileURLToPath(new URL('../../../apps/daemon/bin/waiaas.mjs', import.meta.url));

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

/** Runs the command without holding up this process, whose connections to daemons have to be looked after. */
async function waiaas(dataDir: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [WAIAAS, '--data-dir', dataDir, ...args], {
    env: { ...bareEnvironment(), WAIAAS_MASTER_PASSWORD_FILE: harness.passwordFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stdout, stderr };
}

async function verify(dataDir: string, ...args: readonly string[]) {
  const { code, stdout, stderr } = await waiaas(dataDir, '--json', 'audit', 'verify', ...args);
  if (stdout === '') throw new Error(stderr);
  return { code, report: auditVerificationSchema.parse(JSON.parse(stdout)) };
}

function behindItsBack(dataDir: string, statements: string): void {
  const database = new BetterSqlite3(join(dataDir, 'data', 'waiaas.db'));
  try {
    database.exec(statements);
  } finally {
    database.close();
  }
}

/** A data directory with a payment in it, and its daemon stopped. */
async function paidOnce(): Promise<string> {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir);
  const payer = await createPayer(harness, daemon);
  await daemon.client(payer.token).sendToken({ to: stranger(), amount: 5_000_000n });
  await daemon.stop();
  return dataDir;
}

const NO_TRIGGERS = 'DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete;';
const FREE_HEAD = 'DROP TRIGGER audit_head_moves_on; DROP TRIGGER audit_head_no_delete;';
const CUT = 'DELETE FROM audit_log WHERE id > (SELECT max(id) - 3 FROM audit_log);';

describe('waiaas audit verify', () => {
  let original: string;
  beforeAll(async () => {
    original = await paidOnce();
  }, 60_000);

  test('finds the log of a daemon that was stopped whole, to its last row, and its seals good', async () => {
    const { code, report } = await verify(original);
    expect(report).toMatchObject({ intact: true, sealsChecked: true, faults: 0 });
    expect(report.sealedTo).toBe(report.lastId);
    expect(report.anchors).toBeGreaterThan(0);
    expect(code).toBe(0);
    const events = readFileSync(join(original, 'audit-heads.log'), 'utf8').trim().split('\n');
    expect(events.length).toBe(report.anchors);
    expect(statSync(join(original, 'audit-heads.log')).mode & 0o777).toBe(0o600);
  });

  test.each<[string, string, AuditFault]>([
    [
      'an amount that was edited',
      `${NO_TRIGGERS} UPDATE audit_log SET details = replace(details, '5000000', '1') WHERE event_type = 'TX_CONFIRMED'`,
      'ROW_ALTERED',
    ],
    [
      'a name that was edited',
      `${NO_TRIGGERS} UPDATE audit_log SET actor = 'owner:somebody' WHERE event_type = 'SESSION_ISSUED'`,
      'ROW_ALTERED',
    ],
    ['a row that was deleted', `${NO_TRIGGERS} DELETE FROM audit_log WHERE event_type = 'TX_QUEUED'`, 'ROWS_MISSING'],
    ['a log that was cut off', `${NO_TRIGGERS} ${CUT}`, 'TRUNCATED'],
    [
      'a log that was cut off, with its head',
      `${NO_TRIGGERS} ${FREE_HEAD} ${CUT} DELETE FROM audit_head`,
      'HEAD_MISSING',
    ],
    [
      'a head that was moved to where the log was cut off',
      `${NO_TRIGGERS} ${FREE_HEAD} ${CUT} UPDATE audit_head SET (audit_id, hash) = (SELECT id, hash FROM audit_log ORDER BY id DESC LIMIT 1)`,
      'HEAD_FORGED',
    ],
    [
      'a row that was added',
      "INSERT INTO audit_log (timestamp, event_type, actor, details) VALUES (1, 'TX_APPROVED', 'owner', '{}')",
      'ROW_ALTERED',
    ],
  ])('finds %s', async (_what, statements, fault) => {
    const dataDir = harness.copyDataDir(original);
    behindItsBack(dataDir, statements);
    const { code, report } = await verify(dataDir);
    expect(report.findings.map((finding) => finding.fault)).toContain(fault);
    expect([code, report.intact]).toEqual([1, false]);
  });

  test('finds a whole database that was put back to an earlier day by the heads kept elsewhere', async () => {
    const dataDir = harness.copyDataDir(original);
    const later = await harness.start(dataDir);
    await later.stop();
    const kept = join(dataDir, 'kept-elsewhere.log');
    writeFileSync(kept, readFileSync(join(dataDir, 'audit-heads.log')));
    // The earlier copy agrees with itself, and with its own file of heads.
    expect((await verify(original)).report.intact).toBe(true);
    const { report } = await verify(original, '--anchors', kept);
    expect(report.findings.map(({ fault }) => fault)).toContain('TRUNCATED');
  }, 60_000);

  test('without the password checks the links, and with a wrong one says so', async () => {
    expect((await verify(original, '--links-only')).report).toMatchObject({ intact: true, sealsChecked: false });
    const wrong = join(original, 'wrong-password');
    writeFileSync(wrong, 'Not-The-Password-1\n', { mode: 0o600 });
    const { code, stderr } = await waiaas(original, 'audit', 'verify', '--password-file', wrong);
    expect([code, stderr]).toEqual([4, expect.stringContaining('wrong')]);
  });
});

describe('a daemon that runs', () => {
  const audit = async (daemon: DaemonProcess, query: string) =>
    auditLogResponseSchema.parse((await daemon.operate('GET', `/v1/owner/audit-log?${query}`)).body);

  test('verifies itself, lists by filter and page, and says when its log was changed', async () => {
    const dataDir = await harness.createDataDir('[security.audit]\nanchor_interval = 10');
    const daemon = await harness.start(dataDir);
    const payer = await createPayer(harness, daemon);
    const paid = await daemon.client(payer.token).sendToken({ to: stranger(), amount: 5_000_000n });

    const ofPayment = await audit(daemon, `transactionId=${paid.transactionId}&order=asc`);
    expect(ofPayment.entries.map(({ event }) => event)).toEqual([
      'TX_REQUESTED',
      'TX_SESSION_CHECK',
      'TX_QUEUED',
      'TX_SIGNED',
      'TX_SUBMITTED',
      'TX_CONFIRMED',
    ]);
    const pages: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof audit>> = await audit(
        daemon,
        `limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      pages.push(...page.entries.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(pages).toEqual([...pages].sort((a, b) => b - a));
    expect(pages.at(-1)).toBe(1);
    expect(new Set(pages).size).toBe(pages.length);
    expect((await daemon.operate('GET', '/v1/owner/audit-log?evnet=TX_QUEUED')).status).toBe(400);
    const whole = await daemon.operate('GET', '/v1/owner/audit-log/verify');
    expect(whole.body).toMatchObject({ intact: true, sealsChecked: true });
    // The command reads the same files beside the running daemon.
    expect((await verify(dataDir)).report.intact).toBe(true);

    behindItsBack(dataDir, `${NO_TRIGGERS} ${CUT}`);
    await createPayer(harness, daemon);
    expect((await daemon.operate('GET', '/v1/owner/audit-log/verify')).body).toMatchObject({ intact: false });
    await daemon.stop();
    const remains = await readRemains(dataDir);
    expect(remains.audit.map(({ event_type }) => event_type)).toContain('AUDIT_CHAIN_BROKEN');
    expect(remains.untold).toContain('AUDIT_CHAIN_BROKEN');
    expect((await verify(dataDir)).report.findings.map(({ fault }) => fault)).toEqual(
      expect.arrayContaining(['HEAD_CONTRADICTS', 'BREAK_RECORDED']),
    );
  }, 60_000);

  test('whose disk fails pays nothing and signs nothing, and goes on when the disk is well again', async () => {
    const dataDir = await harness.createDataDir();
    const daemon = await harness.start(dataDir);
    const payer = await createPayer(harness, daemon);
    const client = daemon.client(payer.token);
    await client.sendToken({ to: stranger(), amount: 5_000_000n });
    const limit = (bytes: string): void =>
      void execFileSync('prlimit', ['--pid', String(daemon.child.pid), `--fsize=${bytes}:unlimited`]);
    const landed = harness.ledger.report().calls.sendTransaction ?? 0;

    // From here on the system lets the process write no byte behind the first one of any file.
    limit('1');
    const codes = await Promise.all(
      Array.from({ length: 8 }, () =>
        client.sendToken({ to: stranger(), amount: 5_000_000n }).then(
          () => 'paid',
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(codes).toEqual(Array.from({ length: 8 }, () => 'STORAGE_UNAVAILABLE'));
    expect(harness.ledger.report().calls.sendTransaction ?? 0).toBe(landed);

    limit('unlimited');
    await expect(client.sendToken({ to: stranger(), amount: 5_000_000n })).resolves.toMatchObject({
      status: 'CONFIRMED',
    });
    await daemon.stop();
    const { transactions } = await readRemains(dataDir);
    expect(transactions.map(({ status }) => status)).toEqual(['CONFIRMED', 'CONFIRMED']);
    expect((await verify(dataDir)).report.intact).toBe(true);
  }, 60_000);
});
