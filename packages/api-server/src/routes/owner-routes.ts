import {
  dashboardResponseSchema,
  idSchema,
  ownerApproveResponseSchema,
  ownerChangeResponseSchema,
  ownerChangeSchema,
  ownerConnectResponseSchema,
  ownerConnectSchema,
  ownerDisconnectResponseSchema,
  ownerRejectResponseSchema,
  ownerRejectSchema,
  ownerStatusResponseSchema,
  pendingApprovalListQuerySchema,
  pendingApprovalListResponseSchema,
  transactionId,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerContext, ownerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

const txParams = z.strictObject({ txId: idSchema });

/** What the operator or the owner reads and does about payments that wait (06 E15, E18, E19). */
export function ownerReadRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();
  const auth = 'operatorOrOwner';

  app.get(
    '/v1/owner/status',
    {
      config: { auth, action: 'view_dashboard' },
      schema: {
        operationId: 'getOwnerStatus',
        tags: ['Owner'],
        summary: 'Who the owner is, and what waits',
        response: { 200: ownerStatusResponseSchema },
      },
    },
    () => services.owner.status(),
  );

  app.get(
    '/v1/owner/dashboard',
    {
      config: { auth, action: 'view_dashboard' },
      schema: {
        operationId: 'getDashboard',
        tags: ['Owner'],
        summary: 'How things stand: balances, what was paid today, what waits, and the state of every agent',
        response: { 200: dashboardResponseSchema },
      },
    },
    () => services.owner.dashboard(),
  );

  app.get(
    '/v1/owner/pending-approvals',
    {
      config: { auth, action: 'manage_sessions' },
      schema: {
        operationId: 'listPendingApprovals',
        tags: ['Owner'],
        summary: 'Payments that wait for time or for the owner, in the words that are signed',
        querystring: pendingApprovalListQuerySchema,
        response: { 200: pendingApprovalListResponseSchema },
      },
    },
    (request) => services.owner.pendingApprovals(request.query),
  );

  app.post(
    '/v1/owner/reject/:txId',
    {
      config: {
        auth,
        action: 'reject_tx',
        subject: 'payment',
        errors: ['TX_NOT_FOUND', 'TX_ALREADY_PROCESSED', 'POLICY_DENIED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'rejectTransaction',
        tags: ['Owner'],
        summary: 'End a payment that waits',
        params: txParams,
        // The server hands null on where there is no body.
        body: ownerRejectSchema.nullish(),
        response: { 200: ownerRejectResponseSchema },
      },
    },
    (request) => services.owner.reject(transactionId(request.params.txId), request.body ?? {}, callerContext(request)),
  );
}

/** What nobody but the owner can do, by a signature over the very payment (06 E14). */
export function approvalRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/approve/:txId',
    {
      config: {
        auth: 'owner',
        action: 'approve_tx',
        subject: 'payment',
        errors: [
          'TX_NOT_FOUND',
          'TX_EXPIRED',
          'TX_ALREADY_PROCESSED',
          'AGENT_SUSPENDED',
          'POLICY_DENIED',
          'WHITELIST_DENIED',
          'SPENDING_LIMIT_EXCEEDED',
          'ADAPTER_NOT_AVAILABLE',
          'CIRCUIT_OPEN',
          'KEYSTORE_LOCKED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'approveTransaction',
        tags: ['Owner'],
        summary: 'Carry out a payment that waits for the owner; its end shows in the transaction',
        params: txParams,
        response: { 200: ownerApproveResponseSchema },
      },
    },
    (request) => services.owner.approve(transactionId(request.params.txId), ownerContext(request)),
  );
}

/** Connecting: the master password, and the new owner's signature (00 §3). */
export function connectRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/connect',
    {
      config: {
        auth: 'masterAndPossession',
        action: 'connect_owner',
        errors: ['OWNER_ALREADY_CONNECTED', 'INVALID_ADDRESS', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'connectOwner',
        tags: ['Owner'],
        summary: 'Make a wallet the owner',
        body: ownerConnectSchema,
        response: { 201: ownerConnectResponseSchema },
      },
    },
    async (request, reply) => reply.code(201).send(await services.owner.connect(request.body, callerContext(request))),
  );
}

/** Handing over: the master password, the present owner's signature, and the next one's in the body (03 §19). */
export function changeRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/change',
    {
      config: {
        auth: 'masterAndOwner',
        action: 'change_owner',
        proofAction: 'connect_owner',
        errors: ['OWNER_ALREADY_CONNECTED', 'INVALID_ADDRESS', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'changeOwner',
        tags: ['Owner'],
        summary: 'Put another wallet in the place of the owner, in one step',
        body: ownerChangeSchema,
        response: { 200: ownerChangeResponseSchema },
      },
    },
    (request) => services.owner.change(request.body, ownerContext(request)),
  );
}

/** Letting the owner go: by the owner's signature (00 §3). */
export function disconnectRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.delete(
    '/v1/owner/disconnect',
    {
      config: {
        auth: 'ownerOnceConnected',
        action: 'update_settings',
        errors: ['OWNER_NOT_CONNECTED', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'disconnectOwner',
        tags: ['Owner'],
        summary: 'Let the owner go; payments that wait for an approval expire',
        response: { 200: ownerDisconnectResponseSchema },
      },
    },
    (request) => services.owner.disconnect(callerContext(request)),
  );
}
