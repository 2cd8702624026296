import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { toolEnvironment, withoutDaemonSettings } from '../src/environment.mjs';
import { findNpm, npmHint } from '../src/npm.mjs';
import { withoutServers } from '../src/steps.mjs';

test('the fetched Node and pnpm come first on PATH, and its headers are used', () => {
  const root = mkdtempSync(join(tmpdir(), 'tools '));
  try {
    mkdirSync(join(root, 'include/node'), { recursive: true });
    writeFileSync(join(root, 'include/node/node.h'), '');
    const tools = { node: join(root, 'bin/node'), pnpm: '/tools/.bin/pnpm', bin: '/tools/.bin' };
    const env = toolEnvironment({ PATH: '/usr/bin', NODE_EXTRA_CA_CERTS: '/ca.pem', NODE_ENV: 'production' }, tools);
    expect(env.PATH).toBe(`${join(root, 'bin')}:/tools/.bin:/usr/bin`);
    expect(env.npm_config_nodedir).toBe(root);
    expect(env.NODE_EXTRA_CA_CERTS).toBe('/ca.pem');
    expect(env).not.toHaveProperty('NODE_ENV');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test("a developer's daemon settings do not reach the tests", () => {
  expect(withoutDaemonSettings({ WAIAAS_DATA_DIR: '/live', waiaas_port: '1', HOME: '/root' })).toEqual({
    HOME: '/root',
  });
});

test('a machine without npm is told what to install', () => {
  expect(() => findNpm({ PATH: '/nowhere' }, '/nowhere/bin/node')).toThrow(/npm was not found/);
});

test('an npm that is really another package manager is not taken for npm', () => {
  expect(() => findNpm({ npm_execpath: '/nowhere/pnpm.cjs' }, '/nowhere/bin/node')).toThrow(/npm was not found/);
});

test.each([
  ['npm error code EAI_AGAIN', /cannot be reached/],
  ['npm error code ENOTFOUND', /cannot be reached/],
  ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
  ['npm error code ENOSPC', /disk is full/],
  ['npm error code EACCES', /not writable/],
  ['npm error code E404', /does not have/],
  ['Error: ERR_PNPM_OUTDATED_LOCKFILE', /commit the lockfile/],
])('%s leads to advice', (output, advice) => {
  expect(npmHint(output)).toMatch(advice);
});

test('an unknown failure gets no made-up advice', () => {
  expect(npmHint('something else')).toBeUndefined();
});

test('hosts and credentials of servers are left out of logs', () => {
  expect(withoutServers('GET https://user:secret@registry.internal:4873/pnpm failed')).toBe(
    'GET https://…/pnpm failed',
  );
  expect(withoutServers('at "http://registry.internal" (see HTTPS://b.example/x)')).toBe(
    'at "http://…" (see HTTPS://…/x)',
  );
});
