import type { FastifyReply, FastifyRequest } from 'fastify';

/** An answer, as the daemon's figures count it. */
export interface ObservedAnswer {
  /** Method and pattern of the route, such as `GET /v1/transactions/:id`; `none` where no route matched. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Tells of an answer: its route, never its path, so that nobody makes up as many names as there are requests. */
export const observeAnswer = (
  observe: (answer: ObservedAnswer) => void,
  request: FastifyRequest,
  reply: FastifyReply,
): void =>
  observe({ route: request.plan?.name ?? 'none', status: reply.statusCode, seconds: reply.elapsedTime / 1000 });
