import type { FastifyInstance, RouteOptions } from 'fastify';
import type { EndpointLimit } from '../rate-limit/endpoint-limits.ts';
import { planRoute, takesSignature } from '../route-plan.ts';
import { noQuery, refuseBody } from '../schema/no-input.ts';
import { scopeAudience } from './audience.ts';
import type { OwnerRouteTable } from './owner-route-table.ts';

interface Declared {
  readonly options: RouteOptions;
  readonly audience: ReturnType<typeof scopeAudience>;
}

/**
 * Watches every route that is declared, by whomever: gives it its plan, and makes `ready()` reject when one of them has
 * no guard, another guard than its scope, or no response schema. A route that slipped in without a guard would be open
 * to every local process, so the daemon had better not start.
 */
export function watchRoutes(
  app: FastifyInstance,
  limits: ReadonlyMap<string, EndpointLimit>,
  ownerRoutes: OwnerRouteTable,
): void {
  const declared: Declared[] = [];

  app.addHook('onRoute', function (options) {
    const audience = scopeAudience(this);
    declared.push({ options, audience });
    const [method = 'GET'] = [options.method].flat();
    const { action, proofAction, subject } = options.config ?? {};
    options.config = {
      ...options.config,
      plan: planRoute(method, options.url, { auth: audience, action, subject }, limits),
    };
    if (action !== undefined)
      ownerRoutes.add(method, options.url, [action, ...(proofAction === undefined ? [] : [proofAction])]);
    if (options.schema?.hide === true) return;
    options.schema = { ...options.schema, querystring: options.schema?.querystring ?? noQuery };
    if (options.schema.body === undefined && method !== 'GET' && method !== 'HEAD')
      options.preValidation = [options.preValidation ?? [], refuseBody].flat();
  });

  app.addHook('onReady', async () => {
    const faults = declared.flatMap(({ options, audience }) => {
      const fault = faultOf(options, audience);
      return fault === null ? [] : [`${[options.method].flat().join(',')} ${options.url} ${fault}`];
    });
    if (faults.length > 0) throw new Error(`The API server will not start: ${faults.join('; ')}`);
  });
}

function faultOf({ config, schema, method }: RouteOptions, audience: Declared['audience']): string | null {
  const methods = new Set([method].flat().map((name) => (name === 'HEAD' ? 'GET' : name)));
  if (methods.size !== 1) return 'answers several methods under one declaration';
  if (config?.auth === undefined) return 'declares no config.auth';
  if (audience === undefined) return 'is mounted outside of every guarded scope';
  if (config.auth !== audience) return `declares ${config.auth} inside the scope of ${audience}`;
  if (takesSignature(audience) && config.action === undefined) return 'takes signatures and declares no config.action';
  if (!takesSignature(audience) && config.action !== undefined) return 'declares config.action and takes no signature';
  if (schema?.hide !== true && schema?.response === undefined) return 'has no response schema';
  return null;
}
