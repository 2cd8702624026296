import { fileURLToPath } from 'node:url';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { errorEntry, isErrorCode } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { harness, ROUTES } from '../../test/fixtures.ts';
import { openApiDocument } from './document.ts';

const operationSchema = z.looseObject({
  operationId: z.string(),
  summary: z.string(),
  tags: z.array(z.string()).length(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  responses: z.record(
    z.string(),
    z.looseObject({ description: z.string(), content: z.record(z.string(), z.unknown()) }),
  ),
});

const documentOf = async (debug = false) => {
  const { app } = await harness({ options: { debug } });
  await app.ready();
  const document = openApiDocument(app, 3100);
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item ?? {}).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: operationSchema.parse(operation),
    })),
  );
  return { app, document, operations };
};

/** Every route that the server really has: method and pattern, read from the tree that it looks requests up in. */
function routesOf(app: FastifyInstance): readonly string[] {
  const above: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, branch = '', piece = '', methods = ''] = /^([│├└─ ]*)(\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
      if (piece === '') return [];
      above.length = branch.length / 4;
      above.push(piece);
      return methods === '' ? [] : methods.split(', ').map((method) => `${method} ${above.join('')}`);
    });
}

describe('the API document', () => {
  test('is OpenAPI 3.1 with the daemon as its one server', async () => {
    const { document } = await documentOf();
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'WAIaaS API', version: '0.2.0' },
      servers: [{ url: 'http://127.0.0.1:3100', description: 'Local daemon' }],
    });
  });

  test('lists exactly the routes there are', async () => {
    const { operations } = await documentOf();
    const listed = operations.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '*')}`).sort();
    const ids = /[0-9a-f]{8}-[0-9a-f-]{27}/;
    expect(listed).toEqual(
      ROUTES.map(({ method, url }) => `${method} ${url.replace(ids, '*').replace(/\?.*$/, '')}`).sort(),
    );
  });

  test('leaves no route out that the server has: but for the figures, the pages of the docs, and what answers HEAD', async () => {
    const { app, operations } = await documentOf(true);
    const known = new Set(operations.map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`));
    const routes = routesOf(app);
    expect(routes.length).toBeGreaterThan(known.size);
    const others = routes.filter((route) => !known.has(route) && !route.startsWith('HEAD '));
    expect(others.filter((route) => !/^GET \/(?:metrics$|docs(?:\/|$)|\*)/.test(route))).toEqual([]);
    for (const route of known) expect(routes).toContain(route);
  });

  test.each([true, false])('passes a linter without a warning (debugging: %s)', async (debug) => {
    const { document } = await documentOf(debug);
    const config = await createConfig({ extends: ['recommended-strict'] });
    const problems = await lintFromString({ source: JSON.stringify(document), config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual([]);
  });

  test('is what the reference of the API is made from', async () => {
    const { document, operations } = await documentOf(true);
    const who = (security: readonly Readonly<Record<string, unknown>>[]): string =>
      security.length === 0
        ? 'nobody needs to sign in'
        : security.map((item) => Object.keys(item).join(' and ')).join(', or ');
    const sections = (document.tags ?? []).map(({ name, description }) => {
      const rows = operations
        .filter(({ operation }) => operation.tags[0] === name)
        .map(
          ({ method, path, operation: { operationId, summary, security } }) =>
            `| \`${method} ${path}\` | \`${operationId}\` | ${summary} | ${who(security)} |\n`,
        );
      return `## ${name}\n\n${description}\n\n| request | operation | what | takes |\n| --- | --- | --- | --- |\n${rows.join('')}`;
    });
    const text = `# API

Made from the code; a test compares. After a change: \`pnpm exec vitest run packages/api-server/src/openapi/document.test.ts --update\`.

The daemon serves the whole OpenAPI document at \`/doc\` and a page to read it at \`/docs/\` when it is started with
\`--log-level debug\`. \`bearerAuth\` is a session token, \`masterAuth\` the master password, \`operatorAuth\` an operator token, \`ownerAuth\`
an owner's signature: see [authentication](../authentication.md).

${sections.join('\n')}`;
    await expect(text).toMatchFileSnapshot(
      fileURLToPath(new URL('../../../../docs/reference/api.md', import.meta.url)),
    );
  });

  test('says which body may be left out', async () => {
    const { document } = await documentOf();
    expect(document.paths?.['/v1/owner/reject/{txId}']?.post?.requestBody).toEqual({
      required: false,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/OwnerReject' } } },
    });
    expect(document.paths?.['/v1/transactions/send']?.post?.requestBody).toMatchObject({ required: true });
    expect(JSON.stringify(document)).not.toContain('x-optional-body');
  });

  test('gives every operation its own id', async () => {
    const { operations } = await documentOf();
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(
      expect.arrayContaining([
        'healthCheck',
        'getNonce',
        'getBalance',
        'getAddress',
        'sendTransaction',
        'listTransactions',
        'listPendingTransactions',
        'getTransaction',
        'createSession',
        'listSessions',
        'revokeSession',
        'createPolicy',
        'updatePolicy',
        'adminShutdown',
        'getAdminStatus',
      ]),
    );
  });

  test('names the credentials that really open a route', async () => {
    const { operations, document } = await documentOf();
    const schemes = {
      public: [],
      session: [['bearerAuth']],
      operator: [['masterAuth'], ['operatorAuth']],
      'operator token': [['masterAuth'], ['operatorAuth']],
      master: [['masterAuth']],
      operatorOrOwner: [['masterAuth'], ['operatorAuth'], ['ownerAuth']],
      ownerOnceConnected: [['ownerAuth'], ['masterAuth'], ['operatorAuth']],
      owner: [['ownerAuth']],
      masterAndOwner: [['masterAuth', 'ownerAuth']],
      masterAndPossession: [['masterAuth', 'ownerAuth']],
      recovery: [['masterAuth', 'ownerAuth'], ['masterAuth']],
      sessionCreation: [['masterAuth'], ['operatorAuth'], ['ownerAuth'], []],
    };
    for (const route of ROUTES) {
      const found = operations.find(
        ({ method, path }) =>
          method === route.method &&
          new RegExp(`^${path.replace(/\{\w+\}/g, '[0-9a-f-]{36}')}$`).test(route.url.split('?')[0] ?? ''),
      );
      expect(found?.operation.security.map((item) => Object.keys(item))).toEqual(schemes[route.auth]);
    }
    expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual([
      'bearerAuth',
      'operatorAuth',
      'ownerAuth',
      'masterAuth',
    ]);
  });

  test('documents every error under its status, with the shared schema', async () => {
    const { operations } = await documentOf();
    for (const { operation, path, method } of operations) {
      const statuses = Object.keys(operation.responses);
      expect(statuses).toEqual(expect.arrayContaining(['400', '403', '429', '500', '503']));
      for (const [status, response] of Object.entries(operation.responses)) {
        if (Number(status) < 400) continue;
        expect(response.content).toEqual({
          'application/json': { schema: { $ref: '#/components/schemas/ErrorResponse' } },
        });
        for (const code of response.description.split(', ')) {
          if (!isErrorCode(code)) throw new Error(`${method} ${path} documents the unknown code ${code}`);
          if (code !== 'SESSION_REVOKED') expect(errorEntry(code).status).toBe(Number(status));
        }
      }
    }
  });

  test('has a schema for every success, and no reference leads nowhere', async () => {
    const { document, operations } = await documentOf();
    const names = Object.keys(document.components?.schemas ?? {});
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
    expect(references.length).toBeGreaterThan(100);
    for (const target of references) expect(names).toContain(target?.replace('#/components/schemas/', ''));
    for (const { operation } of operations) {
      const [success] = Object.entries(operation.responses).filter(([status]) => status.startsWith('2'));
      expect(JSON.stringify(success?.[1].content)).toMatch(/#\/components\/schemas\//);
    }
  });

  test('describes requests as they are validated', async () => {
    const { document } = await documentOf();
    const text = JSON.stringify(document);
    expect(document.components?.schemas?.TransferRequest).toMatchObject({
      type: 'object',
      required: ['to', 'amount'],
      additionalProperties: false,
      properties: { amount: { type: 'string', pattern: '^[1-9][0-9]{0,77}$' }, priority: { default: 'medium' } },
    });
    expect(document.paths?.['/v1/transactions/send']?.post?.requestBody).toMatchObject({
      content: { 'application/json': { schema: { $ref: '#/components/schemas/TransferRequest' } } },
    });
    const parameters = document.paths?.['/v1/transactions']?.get?.parameters;
    expect(JSON.stringify(parameters)).toContain('"limit"');
    expect(JSON.stringify(document.paths?.['/v1/transactions/send']?.post?.parameters)).toContain('idempotency-key');
    expect(JSON.stringify(document.paths?.['/v1/transactions/{id}']?.get?.parameters)).toContain('"format":"uuid"');
    expect(text).not.toContain('$schema');
  });
});

describe('the docs', () => {
  test('are there when debugging: the document and a page of local files only', async () => {
    const { request } = await harness({ options: { debug: true } });
    const document = await request({ url: '/doc' });
    expect(document.statusCode).toBe(200);
    expect(document.headers['content-type']).toContain('application/json');
    expect(document.json().paths).toHaveProperty('/doc');
    expect((await request({ url: '/docs/json' })).json().components.schemas).toHaveProperty('ErrorResponse');

    const page = await request({ url: '/docs/' });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-security-policy']).toMatch(/default-src 'self'/);
    expect(page.headers['content-security-policy']).not.toMatch(/https?:|upgrade-insecure/);
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    expect(page.body).not.toMatch(/<script>[^<]/);
    const files = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '');
    expect(files.length).toBeGreaterThan(3);
    for (const file of files) {
      const asset = await request({ url: new URL(file, 'http://localhost:3100/docs/').pathname });
      expect(asset.statusCode).toBe(200);
      expect(asset.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  test('serve nothing but their own folder', async () => {
    const { request } = await harness({ options: { debug: true } });
    for (const url of [
      '/docs/static/..%2f..%2fpackage.json',
      '/docs/static/%2e%2e/%2e%2e/package.json',
      '/docs/static/nothing.js',
    ])
      expect((await request({ url })).statusCode).toBeGreaterThanOrEqual(400);
  });

  test('pass the same checks as everything else', async () => {
    const server = await harness({ options: { debug: true } });
    expect((await server.request({ url: '/doc', headers: { host: 'evil.com' } })).statusCode).toBe(403);
    server.lock = 'ACTIVATED';
    for (const url of ['/doc', '/docs/', '/docs/json', '/docs/static/swagger-ui.css'])
      expect((await server.request({ url })).statusCode).toBe(401);
  });
});
