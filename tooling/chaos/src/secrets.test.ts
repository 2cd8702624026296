import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHarness, createPayer, type Harness, JWT_SECRET, PASSWORD, RPC_KEY, setLimits } from './harness.ts';
import { stranger } from './ledger-truth.ts';

/* Promise 10: secrets leave no trace in logs, database, answers, process list or environment. */

let harness: Harness;
beforeAll(async () => {
  harness = await createHarness();
}, 60_000);
afterAll(() => harness.close());

function* filesBelow(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}

test('a full life of a daemon at log level trace leaves none of them anywhere', async () => {
  const dataDir = await harness.createDataDir();
  const daemon = await harness.start(dataDir, { WAIAAS_DAEMON_LOG_LEVEL: 'trace' });
  const answers: string[] = [];
  const note = (value: unknown): void => void answers.push(JSON.stringify(value));
  await setLimits(daemon, { daily_max: '20000000' });
  const payer = await createPayer(harness, daemon);
  const client = daemon.client(payer.token);
  note(await client.getBalance());
  note(await client.sendToken({ to: stranger(), amount: 5_000_000n, memo: 'a memo' }));
  note(await client.sendToken({ to: stranger(), amount: 50_000_000n }).catch((error: unknown) => error));
  const broken = harness.ledger.faults.add({ type: 'httpError', status: 503 });
  note(await client.sendToken({ to: stranger(), amount: 5_000_000n }).catch((error: unknown) => error));
  note(await client.getBalance().catch((error: unknown) => error));
  broken();
  const login = await fetch(`${daemon.url}/v1/admin/login`, {
    method: 'POST',
    headers: { 'x-master-password': PASSWORD },
  });
  const { token: operatorToken } = (await login.json()) as { token: string };
  expect(operatorToken).toMatch(/^wai_op_/);
  note(await daemon.operate('GET', '/v1/admin/status'));
  note(await daemon.operate('GET', '/v1/sessions'));
  note(await daemon.operate('GET', '/v1/agents', undefined, 'Wrong-Password-Canary-5'));
  for (const path of ['/doc', '/nowhere', '/v1/agents'])
    note(await (await fetch(`${daemon.url}${path}`, { headers: { authorization: `Bearer ${payer.token}x` } })).text());
  const { pid } = daemon.child;
  const processFiles = [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`].map((path) => readFileSync(path, 'latin1'));
  await daemon.stop();

  const places: [string, string][] = [
    ['answers', answers.join('\n')],
    ['output', daemon.output()],
    ...processFiles.map((text, index): [string, string] => [`process ${index}`, text]),
  ];
  for (const path of filesBelow(dataDir)) places.push([path.slice(dataDir.length), readFileSync(path, 'latin1')]);
  const secrets: [string, string][] = [
    ['master password', PASSWORD],
    ['a wrong password', 'Wrong-Password-Canary-5'],
    ['session token', payer.token.slice(0, 120)],
    ['any session token', 'wai_sess_ey'],
    ['operator token', operatorToken],
    ['signature of the session token', payer.token.slice(payer.token.lastIndexOf('.') + 1)],
  ];
  for (const [place, text] of places) {
    for (const [secret, value] of secrets) expect(text.includes(value), `${secret} in ${place}`).toBe(false);
    // The configuration is where these two belong.
    if (place === '/config.toml') continue;
    expect(text.includes(JWT_SECRET), `the token secret in ${place}`).toBe(false);
    expect(text.includes(RPC_KEY), `the RPC key in ${place}`).toBe(false);
  }
  expect(places.length).toBeGreaterThan(8);
}, 90_000);
