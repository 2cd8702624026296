import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

const TOKEN = 'wai_sess_canary.payload.signature';

describe('the configuration', () => {
  test('is a token or the file of one, and the address of a daemon on this machine', () => {
    expect(readConfig({ WAIAAS_SESSION_TOKEN: TOKEN })).toEqual({
      baseUrl: 'http://127.0.0.1:3100',
      source: { kind: 'fixed', token: TOKEN },
    });
    expect(readConfig({ WAIAAS_SESSION_TOKEN_FILE: '/t', WAIAAS_BASE_URL: 'http://localhost:4000/' })).toEqual({
      baseUrl: 'http://localhost:4000',
      source: { kind: 'file', path: '/t' },
    });
  });

  test.each([
    {},
    { WAIAAS_SESSION_TOKEN: '' },
    { WAIAAS_SESSION_TOKEN: 'sk-canary' },
    { WAIAAS_SESSION_TOKEN: 'wai_sess_' },
    { WAIAAS_SESSION_TOKEN: 'wai_op_canary' },
    { WAIAAS_SESSION_TOKEN: `${TOKEN}\r\nx-evil: canary` },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_SESSION_TOKEN_FILE: '/t' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'nonsense' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'ftp://127.0.0.1' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'https://wallet.example.com' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'http://127.0.0.1.example.com' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'http://192.168.1.5:3100' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'http://0.0.0.0:3100' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'http://canary@127.0.0.1' },
    { WAIAAS_SESSION_TOKEN: TOKEN, WAIAAS_BASE_URL: 'http://127.0.0.1/?key=canary' },
  ])('%j is refused, and not quoted', (env) => {
    let message = '';
    try {
      readConfig(env);
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      message = String(error);
    }
    expect(message).toMatch(/WAIAAS_/);
    expect(message).not.toMatch(/canary/);
  });
});
