import type { FastifyInstance } from 'fastify';
import type { RateLimiting } from '../hooks/rate-limit.ts';
import type { ApiServerOptions } from '../options.ts';
import { adminRoutes, masterRoutes, secretRoutes } from './admin-routes.ts';
import { agentRoutes } from './agent-routes.ts';
import { agentWalletRoutes } from './agent-wallet-routes.ts';
import { registerAudience } from './audience.ts';
import { auditRoutes } from './audit-routes.ts';
import { autoStopRoutes } from './auto-stop-routes.ts';
import { changeFeedRoutes } from './change-feed-routes.ts';
import { channelRoutes } from './channel-routes.ts';
import { consoleRoutes } from './console-routes.ts';
import { decisionRoutes } from './decision-routes.ts';
import { docsRoutes } from './docs-routes.ts';
import { createGuards } from './guards.ts';
import { adminKillSwitchRoutes, killSwitchRoutes, recoveryRoutes } from './kill-switch-routes.ts';
import { metricsRoutes } from './metrics-routes.ts';
import { ownerMessageRoutes } from './owner-message-routes.ts';
import type { OwnerRouteTable } from './owner-route-table.ts';
import { approvalRoutes, changeRoutes, connectRoutes, disconnectRoutes, ownerReadRoutes } from './owner-routes.ts';
import { paymentRoutes } from './payment-routes.ts';
import { policyReadRoutes, policyRoutes } from './policy-routes.ts';
import { publicRoutes } from './public-routes.ts';
import { recallRoutes, recoveryAddressRoutes } from './recall-routes.ts';
import type { RouteDependencies } from './route-dependencies.ts';
import { renewalRoutes, sessionCreationRoutes, sessionRoutes } from './session-routes.ts';
import { settingsRoutes } from './settings-routes.ts';
import { telegramRoutes } from './telegram-routes.ts';
import { transactionRoutes } from './transaction-routes.ts';
import { createWaiting } from './waiting.ts';
import { walletRoutes } from './wallet-routes.ts';

/** Mounts every route in the scope of its audience (00 §3, "Who may do what"). */
export function registerRoutes(
  app: FastifyInstance,
  options: ApiServerOptions,
  rateLimiting: RateLimiting,
  ownerRoutes: OwnerRouteTable,
): void {
  const guards = createGuards(options.authenticators, rateLimiting);
  const dependencies: RouteDependencies = {
    services: options.services,
    operatorTokens: options.authenticators.operatorTokens,
    killSwitch: options.killSwitch,
    clock: options.clock,
    waiting: createWaiting(options.shutdown),
  };
  registerAudience(app, 'public', null, async (scope) => {
    publicRoutes(scope, dependencies);
    metricsRoutes(scope, dependencies);
    ownerMessageRoutes(scope, dependencies, guards.operator, ownerRoutes);
    if (options.console !== undefined) consoleRoutes(scope, options.console);
    if (options.debug) await docsRoutes(scope, options.port);
  });
  registerAudience(app, 'session', guards.session, (scope) => {
    walletRoutes(scope, dependencies);
    transactionRoutes(scope, dependencies);
    renewalRoutes(scope, dependencies);
  });
  registerAudience(app, 'operator', guards.operator, (scope) => {
    adminRoutes(scope, dependencies);
    changeFeedRoutes(scope, dependencies);
  });
  registerAudience(app, 'master', guards.master, (scope) => {
    masterRoutes(scope, dependencies);
    secretRoutes(scope, dependencies);
    adminKillSwitchRoutes(scope, dependencies);
  });
  registerAudience(app, 'operatorOrOwner', guards.operatorOrOwner, (scope) => {
    agentRoutes(scope, dependencies);
    agentWalletRoutes(scope, dependencies);
    paymentRoutes(scope, dependencies);
    sessionRoutes(scope, dependencies);
    policyReadRoutes(scope, dependencies);
    ownerReadRoutes(scope, dependencies);
    recallRoutes(scope, dependencies);
    decisionRoutes(scope, dependencies);
    auditRoutes(scope, dependencies);
    killSwitchRoutes(scope, dependencies);
    channelRoutes(scope, dependencies);
    telegramRoutes(scope, dependencies);
    autoStopRoutes(scope, dependencies);
    settingsRoutes(scope, dependencies);
  });
  registerAudience(app, 'ownerOnceConnected', guards.ownerOnceConnected, (scope) => {
    policyRoutes(scope, dependencies);
    disconnectRoutes(scope, dependencies);
  });
  registerAudience(app, 'owner', guards.owner, (scope) => approvalRoutes(scope, dependencies));
  registerAudience(app, 'masterAndOwner', guards.masterAndOwner, (scope) => {
    changeRoutes(scope, dependencies);
    recoveryAddressRoutes(scope, dependencies);
  });
  registerAudience(app, 'masterAndPossession', guards.masterAndPossession, (scope) =>
    connectRoutes(scope, dependencies),
  );
  registerAudience(app, 'recovery', guards.recovery, (scope) =>
    recoveryRoutes(scope, dependencies, options.authenticators.owner),
  );
  registerAudience(app, 'sessionCreation', guards.sessionCreation, (scope) =>
    sessionCreationRoutes(scope, dependencies),
  );
}
