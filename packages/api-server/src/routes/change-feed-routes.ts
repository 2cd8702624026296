import { PassThrough } from 'node:stream';
import { type ChangeBatch, changeBatchSchema, isWaiaasError } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { RouteDependencies } from './route-dependencies.ts';

/** Bytes that may wait for a client that reads slowly; beyond them it is let go, and comes again. */
const MOST_UNREAD = 256 * 1024;

/** A batch as a server-sent event. An empty one is a comment, which keeps the connection and tells nobody anything. */
const eventOf = (batch: ChangeBatch, isFirst: boolean): string =>
  batch.changes.length === 0 && batch.complete && !isFirst
    ? ':\n\n'
    : `event: changes\ndata: ${JSON.stringify(changeBatchSchema.parse(batch))}\n\n`;

/** What the daemon does, as it does it: what to look at again, not what has become of it. */
export function changeFeedRoutes(scope: FastifyInstance, { services, waiting }: RouteDependencies): void {
  // Without the types of the schema: what is sent is a stream of what it describes.
  scope.get(
    '/v1/owner/changes',
    {
      config: { auth: 'operator', eventStream: true },
      schema: {
        operationId: 'watchChanges',
        tags: ['Owner'],
        summary: 'Server-sent events, one for what was committed together, until the credential ends',
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
            if (stream.writableLength > MOST_UNREAD) break;
            stream.write(eventOf(batch, isFirst));
            isFirst = false;
          }
          stream.end();
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
