import { existsSync } from 'node:fs';
import { type AgentId, isAgentId, systemClock, unixSeconds } from '@waiaas/core';
import { appendAudit, listAgents } from '@waiaas/storage';
import { StartFailure } from '../daemon-options.ts';
import { writeFileAtomically } from '../data-dir/index.ts';
import { EXIT } from '../exit-codes.ts';
import { type KeyRoomOptions, withKeyRoom } from './key-room.ts';

/** Which key is to be carried where. */
export interface ExportAgentOptions extends KeyRoomOptions {
  /** Id or name of the agent. */
  readonly agent: string;
  /** File to write; must not exist. */
  readonly output: string;
  readonly exportPassword: string;
}

/** What was written. */
export interface ExportedAgent {
  readonly agentId: string;
  readonly name: string;
  readonly publicKey: string;
  readonly path: string;
}

/** Writes an agent's key, encrypted under a password of its own, into a file; see `exportAgent`. */
export type ExportAgent = (options: ExportAgentOptions) => Promise<ExportedAgent>;

const failure = (code: string, message: string, hint: string): StartFailure =>
  new StartFailure(message, { exitCode: EXIT.FAILURE, code, hint });

/**
 * Writes an agent's key into a file, encrypted under a password of its own. The audit row comes first: a key that may be out
 * there is on record, even if the file could not be written.
 *
 * @throws StartFailure
 */
export const exportAgent: ExportAgent = (options) =>
  withKeyRoom(options, async ({ carrier, storage }) => {
    const { agent: wanted, output, exportPassword } = options;
    if (existsSync(output)) throw failure('FILE_EXISTS', `${output} exists already.`, 'Give another --output.');
    const agents = await listAgents(storage.read);
    const found = agents.find(({ id }) => id === wanted) ?? onlyOne(agents.filter(({ name }) => name === wanted));
    if (found === undefined) {
      throw failure(
        'AGENT_NOT_FOUND',
        `No agent, or more than one, is called ${JSON.stringify(wanted)}.`,
        'Give its id.',
      );
    }
    const { name, public_key: publicKey } = found;
    const agentId = idOf(found.id);
    const text = await carrier.exportKey(agentId, exportPassword);
    await storage.write(({ db }) =>
      appendAudit(db, unixSeconds(systemClock), {
        event: 'AGENT_KEY_EXPORTED',
        actor: 'cli',
        agentId,
        details: { name, publicKey },
      }),
    );
    writeFileAtomically(output, text);
    return { agentId, name, publicKey, path: output };
  });

const onlyOne = <T>(items: readonly T[]): T | undefined => (items.length === 1 ? items[0] : undefined);

function idOf(text: string): AgentId {
  if (isAgentId(text)) return text;
  throw failure('AGENT_NOT_FOUND', 'The agent has no id that a key could be stored under.', 'See "waiaas doctor".');
}
