export { createApiServer } from './create-api-server.ts';
export { openApiDocument } from './openapi/document.ts';
export type { ApiServerOptions, RateLimits } from './options.ts';
export type * from './ports/authenticators.ts';
export type * from './ports/kill-switch-view.ts';
export type * from './ports/request-context.ts';
export type * from './ports/services.ts';
export type { RouteAuth } from './route-plan.ts';
export { SEND_WAIT_MS } from './routes/transaction-routes.ts';
