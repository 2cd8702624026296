import { auditLogQuerySchema, auditLogResponseSchema, auditVerificationSchema } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { RouteDependencies } from './route-dependencies.ts';

/** What the daemon did, and the proof that nobody has changed the record of it (00 §3, 09 no. 5). */
export function auditRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const config = { auth: 'operatorOrOwner', action: 'view_dashboard' } as const;

  app.get(
    '/v1/owner/audit-log',
    {
      config,
      schema: {
        operationId: 'listAuditLog',
        tags: ['Owner'],
        summary: 'The audit log, newest rows first unless told otherwise',
        querystring: auditLogQuerySchema,
        response: { 200: auditLogResponseSchema },
      },
    },
    (request) => services.audit.list(request.query),
  );

  app.get(
    '/v1/owner/audit-log/verify',
    {
      config: { ...config, errors: ['KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'verifyAuditLog',
        tags: ['Owner'],
        summary: 'Check every row of the audit log, its sealed end, and the ends kept outside the database',
        response: { 200: auditVerificationSchema },
      },
    },
    () => services.audit.verify(),
  );
}
