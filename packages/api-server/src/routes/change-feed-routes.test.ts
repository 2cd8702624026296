import { setTimeout as wait } from 'node:timers/promises';
import { WaiaasError } from '@waiaas/core';
import { describe, expect, test } from 'vitest';
import { asOperator, asToken, harness, refusingServices } from '../../test/fixtures.ts';
import type { ChangeService } from '../ports/services.ts';

const QUEUED = { id: 7, topic: 'transactions', event: 'TX_QUEUED' } as const;
const services = (changes: ChangeService) => ({ services: { ...refusingServices, changes } });
const listen = { url: '/v1/owner/changes', headers: asToken };

describe('GET /v1/owner/changes', () => {
  test('tells what was committed as server-sent events, and nothing of their rows but what they are about', async () => {
    const { request } = await harness(
      services({
        async *watch() {
          yield { changes: [], complete: true };
          yield { changes: [], complete: true };
          yield { changes: [{ ...QUEUED, details: 'what nobody asked for' } as typeof QUEUED], complete: true };
          yield { changes: [], complete: false };
        },
      }),
    );
    const { statusCode, headers, body } = await request(listen);
    expect(statusCode).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    expect(body).toBe(
      [
        'event: changes\ndata: {"changes":[],"complete":true}',
        ':',
        `event: changes\ndata: {"changes":[${JSON.stringify(QUEUED)}],"complete":true}`,
        'event: changes\ndata: {"changes":[],"complete":false}',
        '',
      ].join('\n\n'),
    );
  });

  test('ends with the token, before another word is told', async () => {
    const live = { token: true };
    const { request } = await harness({
      ...services({
        async *watch() {
          yield { changes: [], complete: true };
          live.token = false;
          yield { changes: [QUEUED], complete: true };
        },
      }),
      authenticators: {
        operatorTokens: {
          issue: () => ({ token: '', expiresAt: 0 }),
          authenticate: () => ({
            confirm() {
              if (!live.token) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
            },
          }),
          isLive: () => live.token,
          revoke: () => undefined,
        },
      },
    });
    const { body } = await request(listen);
    expect(body).toContain('event: end\ndata: {"code":"INVALID_OPERATOR_TOKEN"}');
    expect(body).not.toContain('TX_QUEUED');
  });

  test('ends with the kill switch for the password, too, which that does not end', async () => {
    const server = await harness(
      services({
        async *watch() {
          yield { changes: [], complete: true };
          server.lock = 'ACTIVATED';
          yield { changes: [QUEUED], complete: true };
        },
      }),
    );
    const { body } = await server.request({ url: listen.url, headers: asOperator });
    expect(body).toContain('event: end\ndata: {"code":"SYSTEM_LOCKED"}');
    expect(body).not.toContain('TX_QUEUED');
  });

  test('ends when the daemon stops', async () => {
    const ended: string[] = [];
    const { request, stop } = await harness(
      services({
        async *watch(signal) {
          yield { changes: [], complete: true };
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          ended.push('watch');
        },
      }),
    );
    const answer = request(listen);
    await wait(0);
    stop.abort();
    await answer;
    expect(ended).toEqual(['watch']);
  });

  test('is refused like any request where too many listen, and to strangers and agents', async () => {
    const { request } = await harness(
      services({
        watch() {
          throw new WaiaasError('RATE_LIMIT_EXCEEDED');
        },
      }),
    );
    expect((await request(listen)).json()).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED' });
    expect((await request({ url: listen.url })).statusCode).toBe(401);
    expect((await request({ url: listen.url, headers: { authorization: 'Bearer wai_sess_x' } })).statusCode).toBe(401);
  });
});
