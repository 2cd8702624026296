import type { CommandModule } from '../program.ts';
import { sessionCreateCommand } from './session-create.ts';
import { sessionManageCommands } from './session-manage.ts';
import { sessionRenewCommand } from './session-renew.ts';

/** `waiaas session …`: what agents may do, and for how long. */
export const sessionCommands: CommandModule = (program, handle) => {
  const group = program.command('session').description('open, list, revoke and renew sessions');
  sessionCreateCommand(group, handle);
  sessionManageCommands(group, handle);
  sessionRenewCommand(group, handle);
};
