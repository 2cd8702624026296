import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { harness } from '../../test/fixtures.ts';
import type { ConsoleFile } from '../ports/console-file.ts';

const fileOf = (contentType: string, text: string, isHashed: boolean): ConsoleFile => ({
  contentType,
  isHashed,
  hasGzip: true,
  read: async (encoding) => (encoding === 'gzip' ? gzipSync(text) : Buffer.from(text)),
});
const console = new Map([
  ['index.html', fileOf('text/html; charset=utf-8', '<!doctype html>', false)],
  ['assets/app-1a2b.js', fileOf('text/javascript; charset=utf-8', 'void 0', true)],
]);
const withConsole = () => harness({ options: { console } });

describe('the console', () => {
  test('is a page at /console/ that may load and ask nothing but this daemon', async () => {
    const { request } = await withConsole();
    expect(await request({ url: '/console' })).toMatchObject({ statusCode: 308, headers: { location: '/console/' } });
    const { statusCode, headers, body } = await request({ url: '/console/' });
    expect({ statusCode, body }).toEqual({ statusCode: 200, body: '<!doctype html>' });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*|nonce/);
  });

  test('has files that never change, compressed for whoever takes that', async () => {
    const { request } = await withConsole();
    const url = '/console/assets/app-1a2b.js';
    for (const [header, encoding] of [
      ['gzip, deflate, br', 'gzip'],
      ['br;q=1.0, gzip;q=0.5', 'gzip'],
      ['gzip;q=0', undefined],
      ['identity', undefined],
      ['xgzip', undefined],
    ] as const) {
      const { headers, rawPayload } = await request({ url, headers: { 'accept-encoding': header } });
      expect(headers['content-encoding'], header).toBe(encoding);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(rawPayload.equals(encoding === 'gzip' ? gzipSync('void 0') : Buffer.from('void 0'))).toBe(true);
    }
  });

  test('answers its own views with the page, and swallows no other path', async () => {
    const { request } = await withConsole();
    expect((await request({ url: '/console/approvals' })).body).toBe('<!doctype html>');
    for (const url of [
      '/consoles',
      '/v1/nothing',
      '/v1/console/approvals',
      '/docs',
      '/openapi',
      '/console/assets/app-0000.js',
      '/console/assets/',
      '/console/favicon.ico',
      '/console/../package.json',
      '/console/%2e%2e/package.json',
      '/console/..%2fpackage.json',
      '/console/assets/..%2f..%2fpackage.json',
    ]) {
      const { statusCode, headers } = await request({ url });
      expect({ url, statusCode, type: headers['content-type'] }).toEqual({
        url,
        statusCode: 404,
        type: 'application/json; charset=utf-8',
      });
    }
    expect((await request({ method: 'POST', url: '/console/' })).statusCode).toBe(404);
    expect((await request({ url: '/health' })).json()).toMatchObject({ status: 'healthy' });
  });

  test('answers while the kill switch is engaged, only to the names of the daemon, and within a limit of its own', async () => {
    const locked = await withConsole();
    locked.lock = 'ACTIVATED';
    expect((await locked.request({ url: '/console/kill-switch' })).statusCode).toBe(200);
    expect((await locked.request({ url: '/v1/owner/status' })).json()).toMatchObject({ code: 'SYSTEM_LOCKED' });
    expect((await locked.request({ url: '/console/', headers: { host: 'evil.com' } })).statusCode).toBe(403);
    const busy = await harness({
      options: { console, limits: { globalRpm: 1, sessionRpm: 1, transactionRpm: 1 } },
    });
    for (let count = 0; count < 5; count += 1) expect((await busy.request({ url: '/console/' })).statusCode).toBe(200);
    expect((await busy.request({ url: '/v1/nonce' })).statusCode).toBe(200);
  });

  test('is not there where it was not built, and a build without its page does not start', async () => {
    const { request } = await harness();
    expect((await request({ url: '/console/' })).statusCode).toBe(404);
    const broken = await harness({ options: { console: new Map() } })
      .then(
        ({ app }) => app.ready(),
        (error: unknown) => Promise.reject(error),
      )
      .then(
        () => 'started',
        () => 'refused',
      );
    expect(broken).toBe('refused');
  });
});
