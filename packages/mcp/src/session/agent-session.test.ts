import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectModel } from '../../test/model.ts';
import { type Answer, json, refusal, type ScriptedDaemon, scriptedDaemon } from '../../test/scripted-daemon.ts';

const SESSION = '01936d3a-7f00-7abc-8def-0123456789ab';
const ADDRESS = { address: '7xKXtg2CW87d97TXJSDpbD5jBkheTqA83TZRuJosgAsU', chain: 'solana' };
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A token of which so much of its life is over. */
function tokenOf(name: string, over: number): string {
  const iat = Math.floor(Date.now() / 1000 - over * 1000);
  return `wai_sess_${encode({ alg: 'HS256' })}.${encode({ iat, exp: iat + 1000, sid: SESSION })}.canary-${name}`;
}
const OLD = tokenOf('old', 0.8);
const NEW = tokenOf('new', 0);
const THIRD = tokenOf('third', 0);

let folder: string;
let path: string;
let daemon: ScriptedDaemon;
/** The one token that is good. */
let good: string;
let renewals: number;

const answer: Answer = (response, request) => {
  if (request.headers.authorization !== `Bearer ${good}`) return refusal(401, 'SESSION_REVOKED')(response, request);
  if (request.line !== `PUT /v1/sessions/${SESSION}/renew`) return json(ADDRESS)(response, request);
  renewals += 1;
  good = NEW;
  const time = '2026-11-22T00:00:00.000Z';
  json({
    sessionId: SESSION,
    token: NEW,
    expiresAt: time,
    renewalCount: 1,
    renewalsLeft: 4,
    maxRenewals: 5,
    absoluteExpiresAt: time,
  })(response, request);
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-mcp-'));
  mkdirSync(join(folder, 'tokens'));
  path = join(folder, 'tokens', 'token');
  writeFileSync(path, `${OLD}\n`, { mode: 0o600 });
  daemon = await scriptedDaemon(answer);
  good = OLD;
  renewals = 0;
});
afterEach(async () => {
  await daemon[Symbol.asyncDispose]();
  chmodSync(join(folder, 'tokens'), 0o700);
  rmSync(folder, { recursive: true, force: true });
});

const connect = (at = path) => connectModel({ baseUrl: daemon.url, source: { kind: 'file', path: at } });

describe('a session with a token file', () => {
  test('renews itself; the new token is in the file, for nobody else to read, and nothing is left beside it', async () => {
    const model = await connect();
    expect((await model.call('get_address')).isError).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'tokens'))).toEqual(['token']);
    expect(model.log.join()).toMatch(/renewed/);
    expect(model.log.join()).not.toContain('canary');
    await model.call('get_address');
    expect(renewals).toBe(1);
  });

  test('renews itself while nobody asks for anything', async () => {
    const model = await connect();
    await model.renewIfDue();
    expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`);
    await model.renewIfDue();
    expect(renewals).toBe(1);
  });

  test('a link to the file stays a link', async () => {
    const link = join(folder, 'link');
    symlinkSync(path, link);
    const model = await connect(link);
    await model.call('get_address');
    expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`);
    expect(readdirSync(folder)).toEqual(['link', 'tokens']);
  });

  test('two servers on one file follow each other', async () => {
    const [one, two] = [await connect(), await connect()];
    await one.call('get_address');
    expect((await two.call('get_address')).isError).toBe(false);
    expect(renewals).toBe(1);
  });

  test('two servers that renew at the same moment both go on', async () => {
    const models = await Promise.all([connect(), connect(), connect()]);
    const told = await Promise.all(models.map((model) => model.call('get_address')));
    expect(told.map(({ isError }) => isError)).toEqual([false, false, false]);
    expect(renewals).toBe(1);
    expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`);
  });

  test('a call refused because another process exchanged the token is made again with the new one, payment key and all', async () => {
    const fresh = tokenOf('fresh', 0.1);
    writeFileSync(path, fresh);
    good = fresh;
    const model = await connect();
    daemon.answer = (response, request) => {
      // The other process: the daemon has exchanged the token, the file gets it a moment later.
      if (good === fresh) {
        good = NEW;
        setTimeout(() => writeFileSync(path, NEW), 60);
      }
      answer(response, request);
    };
    await model.call('send_token', { to: ADDRESS.address, amount: '5' });
    const sends = daemon.received.filter(({ line }) => line.startsWith('POST'));
    expect(sends.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${fresh}`, `Bearer ${NEW}`]);
    expect(new Set(sends.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
  });

  test('takes over a token that somebody puts there, and keeps the one it has when the file breaks', async () => {
    const model = await connect();
    await model.call('get_address');
    good = THIRD;
    writeFileSync(path, THIRD);
    expect((await model.call('get_address')).isError).toBe(false);
    writeFileSync(path, 'half a tok');
    expect((await model.call('get_address')).isError).toBe(false);
    rmSync(path);
    expect((await model.call('get_address')).isError).toBe(false);
    expect(model.log.filter((line) => line.includes('Going on'))).toHaveLength(2);
  });

  test('ended for good, it says so', async () => {
    good = THIRD;
    const model = await connect();
    const { isError, body } = await model.call('get_address');
    expect([isError, body.code]).toEqual([true, 'SESSION_REVOKED']);
  });

  test('a token that cannot be written is used, complained about, and written as soon as it can be', async () => {
    const model = await connect();
    // Root may write anywhere: a folder in the place of the file stands in for a full disk.
    rmSync(path);
    mkdirSync(join(path, 'in the way'), { recursive: true });
    expect((await model.call('get_address')).isError).toBe(false);
    expect(renewals).toBe(1);
    expect(model.log.join('\n')).toMatch(/cannot be written.*lost when this server ends/);
    rmSync(path, { recursive: true });
    writeFileSync(path, OLD);
    expect((await model.call('get_address')).isError).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(`${NEW}\n`);
  });

  test('without a token to begin with it does not start, and says why without a word of the file', async () => {
    writeFileSync(path, 'canary nonsense');
    await expect(connect()).rejects.toThrow(/does not hold a session token/);
    await expect(connect()).rejects.not.toThrow(/canary/);
    rmSync(path);
    await expect(connect()).rejects.toThrow(/cannot be read \(ENOENT\)/);
    expect(existsSync(path)).toBe(false);
  });
});

test('a token from the environment is never exchanged: the next start would have the old one', async () => {
  const model = await connectModel({ baseUrl: daemon.url, source: { kind: 'fixed', token: OLD } });
  await model.call('get_address');
  await model.renewIfDue();
  expect(renewals).toBe(0);
});
