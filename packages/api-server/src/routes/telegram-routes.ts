import { telegramUnpairResponseSchema, telegramVerifyResponseSchema, telegramVerifySchema } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { callerContext } from './guards.ts';
import type { RouteDependencies } from './route-dependencies.ts';

/** Which Telegram chat the owner steers the daemon from (05 §5.4). */
export function telegramRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  const app = scope.withTypeProvider<ZodTypeProvider>();

  app.post(
    '/v1/owner/telegram/verify',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: [
          'TELEGRAM_BOT_OFF',
          'INVALID_PAIRING_CODE',
          'INVALID_CHANNEL_CONFIG',
          'KEYSTORE_LOCKED',
          'STORAGE_UNAVAILABLE',
        ],
      },
      schema: {
        operationId: 'verifyTelegramChat',
        tags: ['Owner'],
        summary: 'Pair the chat that was given this code: payments can be rejected and everything stopped from there',
        body: telegramVerifySchema,
        response: { 200: telegramVerifyResponseSchema },
      },
    },
    (request) => services.telegram.verify(request.body, callerContext(request)),
  );

  app.delete(
    '/v1/owner/telegram',
    {
      config: {
        auth: 'operatorOrOwner',
        action: 'update_settings',
        errors: ['KEYSTORE_LOCKED', 'STORAGE_UNAVAILABLE'],
      },
      schema: {
        operationId: 'unpairTelegramChat',
        tags: ['Owner'],
        summary: 'End the pairing: from no chat can anything be done afterwards; its channel stays',
        response: { 200: telegramUnpairResponseSchema },
      },
    },
    async (request) => ({ unpaired: await services.telegram.unpair(callerContext(request)) }),
  );
}
