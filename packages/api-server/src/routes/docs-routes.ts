import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { openApiDocument } from '../openapi/document.ts';

/** What the docs page may load: its own files, nothing else. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'";

/** The OpenAPI document and a page to read it with, for debugging only (06 §1.12). All files are local. */
export async function docsRoutes(scope: FastifyInstance, port: () => number): Promise<void> {
  scope.get(
    '/doc',
    {
      config: { auth: 'public' },
      schema: {
        operationId: 'getOpenApiSpec',
        tags: ['Public'],
        summary: 'This document',
        response: { 200: z.looseObject({ openapi: z.string() }) },
      },
    },
    () => openApiDocument(scope, port()),
  );

  // Loaded only when wanted: it is a large part of the server's memory.
  const { default: swaggerUi } = await import('@fastify/swagger-ui');
  await scope.register(async (pages) => {
    pages.addHook('onRoute', (options) => {
      options.config = { ...options.config, auth: 'public' };
      options.schema = { ...options.schema, hide: true };
    });
    await pages.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CONTENT_SECURITY_POLICY,
      uiConfig: { validatorUrl: null },
      transformSpecification: () => ({ ...openApiDocument(scope, port()) }),
    });
  });
}
