import {
  deadLetterListResponseSchema,
  deadLetterQuerySchema,
  idSchema,
  notificationChannelCreateSchema,
  notificationChannelDeleteResponseSchema,
  notificationChannelId,
  notificationChannelListResponseSchema,
  notificationChannelResponseSchema,
  notificationChannelTestResponseSchema,
  notificationChannelUpdateSchema,
  notificationLogQuerySchema,
  notificationLogResponseSchema,
  redeliverResponseSchema,
  redeliverSchema,
} from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

const params = z.strictObject({ channelId: idSchema });

/** Notification channels: managed by the operator and the owner (05 §2.12; 00 §3). */
export function channelRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.get(
    '/v1/owner/notification-channels',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['KEYSTORE_LOCKED'] },
      schema: {
        operationId: 'listNotificationChannels',
        tags: ['Owner'],
        summary: 'All notification channels, secrets masked, and how many of them can reach the owner',
        response: { 200: notificationChannelListResponseSchema },
      },
    },
    () => services.channels.list(),
  );

  app.get(
    '/v1/owner/notification-log',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard' },
      schema: {
        operationId: 'listNotificationLog',
        tags: ['Owner'],
        summary: 'What became of every attempt to tell the owner something, newest first unless told otherwise',
        querystring: notificationLogQuerySchema,
        response: { 200: notificationLogResponseSchema },
      },
    },
    (request) => services.channels.log(request.query),
  );

  app.post(
    '/v1/owner/notification-channels',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: ['INVALID_CHANNEL_CONFIG', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'createNotificationChannel',
        tags: ['Owner'],
        summary: 'Add a channel; it is stored only once its service has been reached',
        body: notificationChannelCreateSchema,
        response: { 201: notificationChannelResponseSchema },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await services.channels.create(request.body, callerContext(request))),
  );

  app.put(
    '/v1/owner/notification-channels/:channelId',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: [
          'CHANNEL_NOT_FOUND',
          'CHANNEL_CONFLICT',
          'INVALID_CHANNEL_CONFIG',
          'MIN_CHANNELS_REQUIRED',
          'KEYSTORE_LOCKED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'updateNotificationChannel',
        tags: ['Owner'],
        summary: 'Change a channel; its type never changes, and what is sent back masked stays what it is',
        params,
        body: notificationChannelUpdateSchema,
        response: { 200: notificationChannelResponseSchema },
      },
    },
    (request) =>
      services.channels.update(notificationChannelId(request.params.channelId), request.body, callerContext(request)),
  );

  app.delete(
    '/v1/owner/notification-channels/:channelId',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: ['CHANNEL_NOT_FOUND', 'MIN_CHANNELS_REQUIRED', 'KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'deleteNotificationChannel',
        tags: ['Owner'],
        summary: 'Remove a channel; what was sent over it stays in the log',
        params,
        response: { 200: notificationChannelDeleteResponseSchema },
      },
    },
    async (request) => {
      const { channelId } = request.params;
      await services.channels.remove(notificationChannelId(channelId), callerContext(request));
      return { deleted: true as const, channelId };
    },
  );

  app.post(
    '/v1/owner/notification-channels/:channelId/test',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: ['CHANNEL_NOT_FOUND', 'INVALID_CHANNEL_CONFIG', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'testNotificationChannel',
        tags: ['Owner'],
        summary: 'Send a message over one channel, enabled or not, the way every message goes',
        params,
        response: { 200: notificationChannelTestResponseSchema },
      },
    },
    (request) => services.channels.test(notificationChannelId(request.params.channelId), callerContext(request)),
  );

  app.get(
    '/v1/owner/notification-channels/:channelId/dead-letters',
    {
      config: { auth: 'operatorOrOwner', action: 'view_dashboard', errors: ['CHANNEL_NOT_FOUND'] },
      schema: {
        operationId: 'listDeadLetters',
        tags: ['Owner'],
        summary: 'Events that a webhook has not taken, kept for 72 hours once they are not tried any more',
        params,
        querystring: deadLetterQuerySchema,
        response: { 200: deadLetterListResponseSchema },
      },
    },
    (request) => services.channels.deadLetters(notificationChannelId(request.params.channelId), request.query),
  );

  app.post(
    '/v1/owner/notification-channels/:channelId/redeliver',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: ['CHANNEL_NOT_FOUND', 'DEAD_LETTER_NOT_FOUND', 'INVALID_CHANNEL_CONFIG', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'redeliver',
        tags: ['Owner'],
        summary: 'Send a webhook again what it has not taken, oldest first, under the ids it had',
        params,
        body: redeliverSchema,
        response: { 200: redeliverResponseSchema },
      },
    },
    (request) =>
      services.channels.redeliver(
        notificationChannelId(request.params.channelId),
        request.body,
        callerContext(request),
      ),
  );
}
