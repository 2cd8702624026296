import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import './fastify-types.ts';
import { answerError } from './errors/answer-error.ts';
import { answerClientError } from './errors/client-error.ts';
import { cors } from './hooks/cors.ts';
import { hostCheck } from './hooks/host-check.ts';
import { killSwitchGuard } from './hooks/kill-switch-guard.ts';
import { notFoundGuard } from './hooks/not-found.ts';
import { observeAnswer } from './hooks/observe-answers.ts';
import { rateLimiting } from './hooks/rate-limit.ts';
import { createRequestIds, echoRequestId } from './hooks/request-id.ts';
import { logRequest } from './hooks/request-log.ts';
import { secureHeaders } from './hooks/secure-headers.ts';
import { shutdownGuard } from './hooks/shutdown-guard.ts';
import { type Step, stepHook } from './hooks/step.ts';
import { acceptJsonOnly, BODY_LIMIT } from './json-body.ts';
import { collectOpenApi } from './openapi/document.ts';
import type { ApiServerOptions } from './options.ts';
import { endpointLimits } from './rate-limit/endpoint-limits.ts';
import { createRateLimiter } from './rate-limit/limiter.ts';
import { watchRoutes } from './routes/declared-routes.ts';
import { createOwnerRouteTable } from './routes/owner-route-table.ts';
import { registerRoutes } from './routes/register-routes.ts';
import { serializerCompiler, validatorCompiler } from './schema/compilers.ts';

/**
 * Builds the HTTP server of the daemon: routes, guards, limits, error answers and the API document (06 §1). It does not
 * listen; the caller does, and `ready()` rejects when a route lacks its guard.
 *
 * @example
 * const app = await createApiServer(options);
 * await app.listen({ host: '127.0.0.1', port: 3100 });
 */
export async function createApiServer(options: ApiServerOptions): Promise<FastifyInstance> {
  const { authenticators, killSwitch, clock, logger, port, limits, shutdown } = options;
  const requestId = createRequestIds(options.randomBytes);
  const limiting = rateLimiting(createRateLimiter(clock), limits, authenticators);
  const origins = cors(port, options.corsOrigins, limiting.report);
  const answering = { logger, cors: origins, rateLimiting: limiting };

  // The order is part of the contract (06 §1.3); sign-in follows in the scope of the route.
  const steps: readonly Step[] = [
    echoRequestId,
    shutdownGuard(shutdown),
    secureHeaders,
    hostCheck(port, options.extraHosts ?? []),
    origins.step,
    limiting.step,
    killSwitchGuard(killSwitch),
    notFoundGuard,
  ];

  const carriers = new WeakSet<Socket>();
  const app = fastify({
    logger: false,
    trustProxy: false,
    requestIdHeader: false,
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 15_000,
    keepAliveTimeout: 5_000,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: {
      caseSensitive: true,
      ignoreTrailingSlash: false,
      ignoreDuplicateSlashes: false,
      maxParamLength: 128,
    },
    // A request without a Host header is answered by the host check, not by Node's bare 400.
    http: { requireHostHeader: false, headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    // Paths that cannot be decoded reach no hook; they pass the same steps here.
    frameworkErrors: (error, request: FastifyRequest, reply: FastifyReply) => {
      try {
        for (const step of steps) if (step !== notFoundGuard && step(request, reply) === true) return;
        answerError(answering, error, request, reply);
      } catch (refusal) {
        answerError(answering, refusal, request, reply);
      } finally {
        logRequest(logger, request, reply);
      }
    },
    clientErrorHandler: (error, socket) =>
      answerClientError(error, socket, requestId({ headers: {} }), carriers.has(socket)),
  });

  app.decorateRequest('plan', null);
  app.decorateRequest('sessionContext', null);
  app.decorateRequest('operatorToken', null);
  app.decorateRequest('shownCredential', null);
  app.decorateRequest('rawBody', null);
  app.decorateRequest('ownerPayload', null);
  app.decorateRequest('owner', null);
  app.decorateRequest('signedInBody', false);
  app.decorateRequest('countedBySession', false);
  app.decorateRequest('countedAtSignIn', false);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler((error, request, reply) => answerError(answering, error, request, reply));
  acceptJsonOnly(app);

  for (const step of steps) app.addHook('onRequest', stepHook(step));
  app.addHook('onResponse', (request, reply, done) => {
    logRequest(logger, request, reply);
    observeAnswer(options.observe, request, reply);
    done();
  });
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (shutdown.aborted) reply.header('connection', 'close');
    done(null, payload);
  });
  app.server.prependListener('request', (request: IncomingMessage) => void carriers.add(request.socket));
  // Node would answer an unknown Expect header itself, without any of our headers.
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    app.routing(request, response);
  });

  const ownerRoutes = createOwnerRouteTable();
  watchRoutes(app, endpointLimits(limits), ownerRoutes);
  collectOpenApi(app, options.version);
  registerRoutes(app, options, limiting, ownerRoutes);
  return app;
}
