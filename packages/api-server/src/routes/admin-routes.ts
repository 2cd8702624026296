import {
  adminLoginResponseSchema,
  adminLogoutResponseSchema,
  adminStatusResponseSchema,
  isoTime,
  masterPasswordChangeResponseSchema,
  masterPasswordChangeSchema,
  secretRotationResponseSchema,
  shutdownResponseSchema,
  WaiaasError,
} from '@waiaas/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { masterPasswordOf } from './credential.ts';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Routes that take the master password itself (00 §3). */
export function masterRoutes(scope: FastifyInstance, dependencies: RouteDependencies): void {
  const { services, operatorTokens, killSwitch, clock } = dependencies;
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const config = { auth: 'master' } as const;

  app.post(
    '/v1/admin/login',
    {
      config,
      schema: {
        operationId: 'adminLogin',
        tags: ['Admin'],
        summary: 'Exchange the master password for an operator token',
        response: { 200: adminLoginResponseSchema },
      },
    },
    (request) => {
      // In one step with the issue: a change of the password ends either the one or the other, and so does the kill switch.
      callerContext(request).confirmCredential();
      if (killSwitch.status() !== 'NORMAL') throw new WaiaasError('SYSTEM_LOCKED');
      const { token, expiresAt } = operatorTokens.issue();
      return { token, expiresAt: isoTime(expiresAt) };
    },
  );

  app.post(
    '/v1/admin/shutdown',
    {
      config,
      schema: {
        operationId: 'adminShutdown',
        tags: ['Admin'],
        summary: 'Stop the daemon; the answer comes first',
        response: { 200: shutdownResponseSchema },
      },
    },
    (_request, reply) => {
      onceAnswered(reply, () => services.admin.requestShutdown());
      return {
        shutdownInitiated: true as const,
        timestamp: isoTime(clock.now()),
        message: 'The daemon finishes what is under way and stops.',
      };
    },
  );
}

/** Changing what opens the daemon (03 §7, §14). */
export function secretRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/admin/password',
    {
      config: { auth: 'master', errors: ['STORAGE_UNAVAILABLE'] },
      schema: {
        operationId: 'changeMasterPassword',
        tags: ['Admin'],
        summary: 'Change the master password; operator tokens end',
        body: masterPasswordChangeSchema,
        response: { 200: masterPasswordChangeResponseSchema },
      },
    },
    (request) => {
      const present = masterPasswordOf(request);
      if (present === undefined) throw new TypeError('The guard has checked the master password');
      return services.admin.changePassword({ present, next: request.body.newPassword }, callerContext(request));
    },
  );

  app.post(
    '/v1/admin/rotate-secret',
    {
      config: { auth: 'master', errors: ['ROTATION_TOO_RECENT', 'STORAGE_UNAVAILABLE'] },
      schema: {
        operationId: 'rotateSecret',
        tags: ['Admin'],
        summary: 'Sign session tokens with a new secret; the old one is accepted for five more minutes',
        response: { 200: secretRotationResponseSchema },
      },
    },
    (request) => services.admin.rotateSecret(callerContext(request)),
  );
}

/** Routes of the daemon that an operator token may use, too. */
export function adminRoutes(scope: FastifyInstance, { services, operatorTokens }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/v1/admin/status',
    {
      config: { auth: 'operator' },
      schema: {
        operationId: 'getAdminStatus',
        tags: ['Admin'],
        summary: 'State of the daemon and its parts',
        response: { 200: adminStatusResponseSchema },
      },
    },
    () => services.admin.status(),
  );

  app.post(
    '/v1/admin/logout',
    {
      config: { auth: 'operator' },
      schema: {
        operationId: 'adminLogout',
        tags: ['Admin'],
        summary: 'End the operator token that is shown',
        response: { 200: adminLogoutResponseSchema },
      },
    },
    (request) => {
      // The password alone signs nothing out: there is no token to end.
      if (request.operatorToken === null) throw new WaiaasError('INVALID_OPERATOR_TOKEN');
      operatorTokens.revoke(request.operatorToken);
      return { loggedOut: true as const };
    },
  );
}

/** Runs something once the answer has left, or can no longer leave because the client is gone. */
function onceAnswered(reply: FastifyReply, act: () => void): void {
  let done = false;
  const run = (): void => {
    if (done) return;
    done = true;
    act();
  };
  reply.raw.once('finish', run);
  reply.raw.once('close', run);
}
