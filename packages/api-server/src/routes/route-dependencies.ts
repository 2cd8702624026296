import type { Clock } from '@waiaas/core';
import type { OperatorTokenAuthenticator } from '../ports/authenticators.ts';
import type { KillSwitchView } from '../ports/kill-switch-view.ts';
import type { ApiServices } from '../ports/services.ts';
import type { Waiting } from './waiting.ts';

/** What route handlers work with. */
export interface RouteDependencies {
  readonly services: ApiServices;
  readonly operatorTokens: OperatorTokenAuthenticator;
  readonly killSwitch: KillSwitchView;
  readonly clock: Clock;
  readonly waiting: Waiting;
}
