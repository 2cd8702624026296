import type { FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { harness } from '../../test/fixtures.ts';
import { ROUTE_AUDIENCES, takesSignature } from '../route-plan.ts';
import { registerAudience } from './audience.ts';

const response = { 200: z.object({}) };
const handler = () => ({});

const readyAfter = async (add: (app: FastifyInstance) => unknown) => {
  const { app } = await harness();
  add(app);
  return app.ready();
};

describe('the server does not start with', () => {
  const rogues: readonly [string, (app: FastifyInstance) => unknown][] = [
    ['a route without a guard', (app) => app.get('/rogue', { schema: { response } }, handler)],
    ['a bare route', (app) => app.get('/rogue', handler)],
    [
      'a route that declares a guard but stands outside of it',
      (app) => app.get('/rogue', { config: { auth: 'session' }, schema: { response } }, handler),
    ],
    [
      'a public route outside of the public scope',
      (app) => app.get('/rogue', { config: { auth: 'public' }, schema: { response } }, handler),
    ],
    [
      'a route of a plugin',
      (app) => app.register(async (scope) => scope.get('/rogue', { schema: { response } }, handler)),
    ],
    [
      'a route of a plugin within a plugin',
      (app) =>
        app.register(async (scope) =>
          scope.register(async (inner) => inner.post('/rogue', { config: { auth: 'operator' } }, handler)),
        ),
    ],
    ['a HEAD route', (app) => app.head('/rogue', handler)],
    ['an OPTIONS route', (app) => app.options('/rogue', handler)],
    ['a catch-all', (app) => app.all('/rogue/*', handler)],
    [
      'a route of several methods',
      (app) => app.route({ method: ['GET', 'POST'], url: '/rogue', config: { auth: 'public' }, handler }),
    ],
    [
      'an undeclared route inside a guarded scope',
      (app) =>
        registerAudience(
          app,
          'session',
          { onRequest: async () => undefined },
          (scope) => void scope.get('/rogue', { schema: { response } }, handler),
        ),
    ],
    [
      'a route that declares more than its scope guards',
      (app) =>
        registerAudience(
          app,
          'session',
          { onRequest: async () => undefined },
          (scope) => void scope.get('/rogue', { config: { auth: 'master' }, schema: { response } }, handler),
        ),
    ],
    [
      'a route that declares itself public inside a guarded scope',
      (app) =>
        registerAudience(
          app,
          'operator',
          { onRequest: async () => undefined },
          (scope) => void scope.get('/rogue', { config: { auth: 'public' }, schema: { response } }, handler),
        ),
    ],
    ...ROUTE_AUDIENCES.map((auth): [string, (app: FastifyInstance) => unknown] => [
      takesSignature(auth)
        ? `a route for ${auth} without an action for signatures to authorise`
        : `an action on a route for ${auth}, which takes no signature`,
      (app) =>
        registerAudience(app, auth, null, (scope) => {
          const action = takesSignature(auth) ? {} : ({ action: 'approve_tx' } as const);
          scope.get('/rogue', { config: { auth, ...action }, schema: { response } }, handler);
        }),
    ]),
    [
      'a route whose answers no schema limits',
      (app) =>
        registerAudience(
          app,
          'public',
          null,
          (scope) => void scope.get('/rogue', { config: { auth: 'public' } }, handler),
        ),
    ],
  ];

  test.each(rogues)('%s', async (_name, add) => {
    await expect(readyAfter(add)).rejects.toThrow(/will not start.*\/rogue/);
  });

  test('a scope inside of another audience', async () => {
    const nested = readyAfter((app) =>
      registerAudience(app, 'public', null, (outer) => registerAudience(outer, 'master', null, () => undefined)),
    );
    await expect(nested).rejects.toThrow();
  });

  test('a body schema that is not zod', async () => {
    const add = (app: FastifyInstance) =>
      registerAudience(app, 'public', null, (scope) => {
        scope.post('/rogue', { config: { auth: 'public' }, schema: { body: { type: 'object' }, response } }, handler);
      });
    await expect(readyAfter(add)).rejects.toThrow(/zod/);
  });
});

test('the message names every fault at once', async () => {
  const both = readyAfter((app) => {
    app.get('/one', handler);
    app.get('/two', handler);
  });
  await expect(both).rejects.toThrow(/GET \/one.*GET \/two/);
});

test.each(ROUTE_AUDIENCES)('a well-declared route of the %s scope starts', async (auth) => {
  const action = takesSignature(auth) ? ({ action: 'view_dashboard' } as const) : {};
  const add = (app: FastifyInstance) =>
    registerAudience(
      app,
      auth,
      null,
      (scope) => void scope.get('/fine', { config: { auth, ...action }, schema: { response } }, handler),
    );
  await expect(readyAfter(add)).resolves.toBeDefined();
});

test.each([true, false])('the server itself starts, debug %s', async (debug) => {
  const { app } = await harness({ options: { debug } });
  await expect(app.ready()).resolves.toBeDefined();
});
