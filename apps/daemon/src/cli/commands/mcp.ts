import type { CommandModule } from '../program.ts';
import { mcpSetupCommand } from './mcp-setup.ts';

/** `waiaas mcp …`: AI tools that use the wallet of an agent. */
export const mcpCommands: CommandModule = (program, handle) => {
  const group = program.command('mcp').description('let AI tools use the wallet of an agent');
  mcpSetupCommand(group, handle);
};
