import { killSwitchRequestSchema, killSwitchResponseSchema, recoverResponseSchema } from '@waiaas/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Authenticators } from '../ports/authenticators.ts';
import { masterPasswordOf } from './credential.ts';
import { callerContext, deferredOwnerProof } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

const ACTIVATION = {
  body: killSwitchRequestSchema,
  response: { 200: killSwitchResponseSchema },
};

/** Header in which the command on the daemon's own machine proves that it is that. */
export const LOCAL_PROOF_HEADER = 'x-local-proof';

const localProofOf = (request: FastifyRequest): string | undefined => {
  const value = request.headers[LOCAL_PROOF_HEADER];
  return typeof value === 'string' ? value : undefined;
};

/** Engaging the kill switch, by the owner's signature or as an operator: no lockout of the password holds the owner up. */
export function killSwitchRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  app.post(
    '/v1/owner/kill-switch',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'kill_switch',
        errors: ['KILL_SWITCH_ACTIVE', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        ...ACTIVATION,
        operationId: 'activateKillSwitch',
        tags: ['Owner'],
        summary: 'Stop everything: once this has answered, nothing is signed any more',
      },
    },
    (request) => services.killSwitch.activate(request.body, callerContext(request)),
  );
}

/** The same with the master password alone, for the command line. */
export function adminKillSwitchRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  app.post(
    '/v1/admin/kill-switch',
    {
      config: { auth: 'master', errors: ['KILL_SWITCH_ACTIVE', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'] },
      schema: {
        ...ACTIVATION,
        operationId: 'adminKillSwitch',
        tags: ['Admin'],
        summary: 'Stop everything, with the master password',
      },
    },
    (request) => services.killSwitch.activate(request.body, callerContext(request)),
  );
}

/** Recovering from the kill switch: two factors, the password and the owner's signature (05 §3.5). */
export function recoveryRoutes(
  scope: FastifyInstance,
  { services }: RouteDependencies,
  owner: Authenticators['owner'],
): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  app.post(
    '/v1/owner/recover',
    {
      config: {
        auth: 'recovery',
        action: 'recover',
        errors: ['KILL_SWITCH_NOT_ACTIVE', 'KILL_SWITCH_ACTIVE', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'recoverFromKillSwitch',
        tags: ['Owner'],
        summary: "Recover from the kill switch: the master password and the owner's signature",
        response: { 200: recoverResponseSchema },
      },
    },
    (request) => {
      const password = masterPasswordOf(request);
      if (password === undefined) throw new TypeError('The guard has checked the master password');
      const proveOwner = deferredOwnerProof(request, owner);
      return services.killSwitch.recover(
        { password, proveOwner, localProof: localProofOf(request) },
        callerContext(request),
      );
    },
  );
}
