import { describe, expect, test } from 'vitest';
import {
  AGENT,
  answeringServices,
  asOperator,
  harness,
  NOW,
  OPERATOR_TOKEN,
  POLICY,
  RULES,
  refusingServices,
  SESSION,
} from '../../test/fixtures.ts';

const refused = async (method: 'POST' | 'PUT' | 'GET' | 'DELETE', url: string, payload?: object) => {
  const { request } = await harness({ services: refusingServices });
  const answer = await request({ method, url, headers: asOperator, ...(payload === undefined ? {} : { payload }) });
  return {
    status: answer.statusCode,
    paths: (answer.json().details?.issues ?? []).map((issue: { path: string }) => issue.path),
  };
};

describe('agents', () => {
  const good = { name: 'shopper', chain: 'solana', network: 'devnet' };
  test.each([
    [{ ...good, name: '' }, 'name'],
    [{ ...good, name: 'x'.repeat(65) }, 'name'],
    [{ ...good, name: '../x' }, 'name'],
    [{ ...good, name: 'a\nb' }, 'name'],
    [{ ...good, name: '<script>' }, 'name'],
    [{ ...good, name: 5 }, 'name'],
    [{ ...good, chain: 'bitcoin' }, 'chain'],
    [{ ...good, network: 'mainnet-alpha' }, 'network'],
    [{ ...good, status: 'ACTIVE' }, 'status'],
    [{ ...good, id: AGENT }, 'id'],
    [{ name: 'a', chain: 'solana' }, 'network'],
  ])('%j is refused at %s', async (payload, path) => {
    const { status, paths } = await refused('POST', '/v1/agents', payload);
    expect(status).toBe(400);
    expect(new Set(paths)).toEqual(new Set([path]));
  });

  test.each(['suspend', 'resume'])('%s takes an agent id only', async (verb) => {
    expect(await refused('POST', `/v1/agents/x/${verb}`)).toEqual({ status: 400, paths: ['id'] });
    expect(await refused('POST', `/v1/agents/${AGENT.toUpperCase()}/${verb}`)).toEqual({ status: 400, paths: ['id'] });
    expect(await refused('POST', `/v1/agents/${AGENT}/${verb}`, { reason: 'x' })).toEqual({
      status: 400,
      paths: ['reason'],
    });
  });

  test('there is no way to read or delete one by this version', async () => {
    const { request } = await harness();
    for (const method of ['GET', 'DELETE', 'PUT', 'PATCH'] as const)
      expect((await request({ method, url: `/v1/agents/${AGENT}`, headers: asOperator })).statusCode).toBe(404);
  });
});

describe('sessions', () => {
  test.each([
    [{}, 'agentId'],
    [{ agentId: 'x' }, 'agentId'],
    [{ agentId: AGENT, expiresIn: 299 }, 'expiresIn'],
    [{ agentId: AGENT, expiresIn: 604_801 }, 'expiresIn'],
    [{ agentId: AGENT, expiresIn: '3600' }, 'expiresIn'],
    [{ agentId: AGENT, expiresIn: 3600.5 }, 'expiresIn'],
    [{ agentId: AGENT, constraints: { maxAmountPerTx: 5 } }, 'constraints.maxAmountPerTx'],
    [{ agentId: AGENT, constraints: { maxAmountPerTx: '-5' } }, 'constraints.maxAmountPerTx'],
    [{ agentId: AGENT, constraints: { maxAmountPerTX: '5' } }, 'constraints.maxAmountPerTX'],
    [{ agentId: AGENT, constraints: { maxTransactions: 0 } }, 'constraints.maxTransactions'],
    [{ agentId: AGENT, constraints: { allowedOperations: ['EVERYTHING'] } }, 'constraints.allowedOperations.0'],
    [{ agentId: AGENT, constraints: { allowedDestinations: null } }, 'constraints.allowedDestinations'],
    [{ agentId: AGENT, constraints: null }, 'constraints'],
    [{ agentId: AGENT, signature: 'x' }, 'signature'],
    [{ agentId: AGENT, sessionId: SESSION }, 'sessionId'],
  ])('%j is refused at %s', async (payload, path) => {
    expect(await refused('POST', '/v1/sessions', payload)).toEqual({ status: 400, paths: [path] });
  });

  test.each(['status=revoked', 'limit=0', 'agentId=x', 'active=true', 'status=all&status=active'])(
    'the list refuses ?%s',
    async (query) => {
      expect((await refused('GET', `/v1/sessions?${query}`)).status).toBe(400);
    },
  );

  test('there is no GET of one', async () => {
    const { request } = await harness();
    expect((await request({ url: `/v1/sessions/${SESSION}`, headers: asOperator })).statusCode).toBe(404);
  });

  test('the token is shown once, and no list has room for it', async () => {
    const { request } = await harness({
      services: {
        sessions: {
          ...answeringServices.sessions,
          list: async () => {
            const { sessions, nextCursor } = await answeringServices.sessions.list({
              status: 'all',
              limit: 1,
              order: 'desc',
            });
            return {
              sessions: sessions.map((session) => ({ ...session, token: 'canary', tokenHash: 'canary' })),
              nextCursor,
            };
          },
        },
      },
    });
    const created = await request({
      method: 'POST',
      url: '/v1/sessions',
      headers: asOperator,
      payload: { agentId: AGENT },
    });
    expect(created.json().token).toMatch(/^wai_sess_/);
    expect(created.headers['cache-control']).toBe('no-store');
    expect((await request({ url: '/v1/sessions', headers: asOperator })).body).not.toContain('canary');
  });
});

describe('policies', () => {
  const good = { type: 'SPENDING_LIMIT', rules: RULES };
  test.each([
    [{ rules: RULES }, 'type'],
    [{ ...good, type: 'spending_limit' }, 'type'],
    [{ type: 'SPENDING_LIMIT' }, 'rules'],
    [{ ...good, rules: {} }, 'rules.instant_max'],
    [{ ...good, rules: { ...RULES, instant_max: '-1' } }, 'rules.instant_max'],
    [{ ...good, rules: { ...RULES, instant_max: 1 } }, 'rules.instant_max'],
    [{ ...good, rules: { ...RULES, notify_max: '1' } }, 'rules.notify_max'],
    [{ ...good, rules: { ...RULES, dayly_max: '1' } }, 'rules.dayly_max'],
    [{ ...good, rules: { ...RULES, delay_seconds: 59 } }, 'rules.delay_seconds'],
    [{ ...good, rules: { ...RULES, window: 'weekly' } }, 'rules.window'],
    [{ ...good, rules: [] }, 'rules'],
    [{ ...good, agentId: 'x' }, 'agentId'],
    [{ ...good, agentId: null }, 'agentId'],
    [{ ...good, priority: 1.5 }, 'priority'],
    [{ ...good, enabled: 'true' }, 'enabled'],
    [{ ...good, version: 7 }, 'version'],
  ])('%j is refused at %s', async (payload, path) => {
    const { status, paths } = await refused('POST', '/v1/owner/policies', payload);
    expect(status).toBe(400);
    expect(paths[0]).toBe(path);
  });

  test.each([
    {},
    { confirm: true },
    { type: 'SPENDING_LIMIT', enabled: true },
    { agentId: AGENT, enabled: true },
    { rules: null },
    { enabled: 'false' },
  ])('the change %j is refused', async (payload) => {
    expect((await refused('PUT', `/v1/owner/policies/${POLICY}`, payload)).status).toBe(400);
  });

  test('the id is checked and handed over', async () => {
    expect(await refused('PUT', '/v1/owner/policies/x', { enabled: true })).toEqual({
      status: 400,
      paths: ['policyId'],
    });
    const seen: unknown[] = [];
    const { request } = await harness({
      services: {
        policies: {
          ...answeringServices.policies,
          update: async (id, input, context) => {
            seen.push(id, input, context.actor);
            return answeringServices.policies.update(id, input, context);
          },
        },
      },
    });
    await request({
      method: 'PUT',
      url: `/v1/owner/policies/${POLICY}`,
      headers: asOperator,
      payload: { enabled: false },
    });
    expect(seen).toEqual([POLICY, { enabled: false }, { kind: 'operator' }]);
  });

  test('a deletion passes on which version was looked at, and takes nothing else for one', async () => {
    const seen: unknown[] = [];
    const { request } = await harness({
      services: {
        policies: {
          ...answeringServices.policies,
          remove: async (id, options) => {
            seen.push([id, options]);
          },
        },
      },
    });
    const url = `/v1/owner/policies/${POLICY}`;
    const statuses: number[] = [];
    for (const query of [
      '?version=2',
      '',
      '?confirm=true&version=1',
      '?version=0',
      '?version=1.5',
      '?version=x',
      '?v=1',
    ]) {
      const answer = await request({ method: 'DELETE', url: `${url}${query}`, headers: asOperator });
      statuses.push(answer.statusCode);
    }
    expect(statuses).toEqual([200, 200, 200, 400, 400, 400, 400]);
    expect(seen).toEqual([
      [POLICY, { confirm: false, version: 2 }],
      [POLICY, { confirm: false, version: undefined }],
      [POLICY, { confirm: true, version: 1 }],
    ]);
  });
});

describe('admin', () => {
  test('login gives a token and its end, which no cache keeps', async () => {
    const { request } = await harness();
    const answer = await request({ method: 'POST', url: '/v1/admin/login', headers: asOperator });
    expect(answer.json()).toEqual({ token: OPERATOR_TOKEN, expiresAt: new Date(NOW + 1000).toISOString() });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  test('logout without a token ends nothing', async () => {
    const { request, revoked } = await harness();
    const answer = await request({ method: 'POST', url: '/v1/admin/logout', headers: asOperator });
    expect(answer.json().code).toBe('INVALID_OPERATOR_TOKEN');
    expect(revoked).toEqual([]);
  });

  test('shutdown is asked for once, and only by the master password', async () => {
    let asked = 0;
    const { request } = await harness({
      services: {
        admin: {
          ...answeringServices.admin,
          requestShutdown: () => {
            asked += 1;
          },
        },
      },
    });
    const bad = await request({
      method: 'POST',
      url: '/v1/admin/shutdown',
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
    });
    expect(bad.statusCode).toBe(401);
    expect(asked).toBe(0);
    const good = await request({ method: 'POST', url: '/v1/admin/shutdown', headers: asOperator });
    expect(good.json()).toMatchObject({ shutdownInitiated: true, timestamp: new Date(NOW).toISOString() });
    expect(asked).toBe(1);
  });
});
