import { PassThrough } from 'node:stream';
import { type ChangeBatch, changeBatchSchema, isWaiaasError, WaiaasError } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { RouteDependencies } from './route-dependencies.ts';

/** Bytes that may wait for a client that reads slowly; beyond them it is let go, and comes again. */
const MOST_UNREAD = 256 * 1024;

/** A batch as a server-sent event. An empty one is a comment, which keeps the connection and tells nobody anything. */
const eventOf = (batch: ChangeBatch, isFirst: boolean): string =>
  batch.changes.length === 0 && batch.complete && !isFirst
    ? ':\n\n'
    : `event: changes\ndata: ${JSON.stringify(changeBatchSchema.parse(batch))}\n\n`;

/** Bytes that the client has not taken. */
const unread = (stream: PassThrough): number => stream.writableLength + stream.readableLength;

/** What the daemon does, as it does it: what to look at again, not what has become of it. */
export function changeFeedRoutes(scope: FastifyInstance, { services, waiting, killSwitch }: RouteDependencies): void {
  // Without the types of the schema: what is sent is a stream of what it describes.
  scope.get(
    '/v1/owner/changes',
    {
      config: { auth: 'operator', eventStream: true },
      schema: {
        operationId: 'watchChanges',
        tags: ['Owner'],
        summary:
          'Server-sent events, one for what was committed together, until the credential ends or the kill switch is engaged',
        response: { 200: changeBatchSchema },
      },
    },
    (request, reply) =>
      waiting(reply, async (signal) => {
        // Throws while the answer can still say so.
        const batches = services.changes.watch(signal);
        const stream = new PassThrough();
        reply.headers({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' }).send(stream);
        try {
          let isFirst = true;
          for await (const batch of batches) {
            // Before each word: a token that has ended hears nothing more.
            request.shownCredential?.confirm();
            // The password does not end with the kill switch, as tokens do; what answers meanwhile is a short list.
            if (killSwitch.status() !== 'NORMAL') throw new WaiaasError('SYSTEM_LOCKED');
            if (unread(stream) > MOST_UNREAD) {
              // Whoever does not read would not read the end either, and keep the connection.
              stream.destroy();
              return reply;
            }
            stream.write(eventOf(batch, isFirst));
            isFirst = false;
          }
          if (signal.aborted && unread(stream) > 0) stream.destroy();
          else stream.end();
        } catch (error) {
          if (!isWaiaasError(error)) {
            stream.destroy(error instanceof Error ? error : new Error(String(error)));
            return reply;
          }
          // The status has been sent; what has ended is told in the stream.
          stream.end(`event: end\ndata: ${JSON.stringify({ code: error.code })}\n\n`);
        }
        return reply;
      }),
  );
}
