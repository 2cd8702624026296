import type { FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';

/**
 * One of the checks that every request passes before anything else happens (06 §1.3). It throws to refuse, and returns
 * true when it has answered the request itself. Synchronous, so that malformed URLs, which never reach a hook, can be
 * led through the same steps.
 */
export type Step = (request: FastifyRequest, reply: FastifyReply) => boolean | undefined;

/** A step as a Fastify hook. */
export const stepHook =
  (step: Step): onRequestHookHandler =>
  (request, reply, done) => {
    let answered: boolean | undefined;
    try {
      answered = step(request, reply);
    } catch (error) {
      done(error instanceof Error ? error : new Error('A check threw something that is no error', { cause: error }));
      return;
    }
    if (answered !== true) done();
  };
