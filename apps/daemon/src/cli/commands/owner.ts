import type { CommandModule } from '../program.ts';
import { ownerConnectCommands } from './owner-connect.ts';
import { ownerDecideCommands } from './owner-decide.ts';
import { ownerReadCommands } from './owner-read.ts';
import { ownerSignCommands } from './owner-sign.ts';

/** `waiaas owner …`: who holds the funds, and what they decide. */
export const ownerCommands: CommandModule = (program, handle) => {
  const group = program.command('owner').description('connect the owner of the funds; approve and reject payments');
  ownerConnectCommands(group, handle);
  ownerReadCommands(group, handle);
  ownerDecideCommands(group, handle);
  ownerSignCommands(group, handle);
};
