export type { ApiServerOptions, RateLimits } from './options.ts';
export type * from './ports/authenticators.ts';
export type * from './ports/kill-switch-view.ts';
export type * from './ports/request-context.ts';
export type * from './ports/services.ts';
