import { randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { chainSchema, createIdGenerator, networkSchema, systemClock, unixSeconds } from '@waiaas/core';
import { createAgentManagement } from '@waiaas/management';
import { appendAudit, listAgents } from '@waiaas/storage';
import { z } from 'zod';
import { StartFailure } from '../daemon-options.ts';
import { EXIT } from '../exit-codes.ts';
import { type KeyRoomOptions, withKeyRoom } from './key-room.ts';

/** Which key is to be taken in. */
export interface ImportAgentOptions extends KeyRoomOptions {
  readonly file: string;
  readonly importPassword: string;
  /** In place of the name in the file. */
  readonly name: string | undefined;
}

/** The agent that has the key now. */
export interface ImportedAgent {
  readonly agentId: string;
  readonly name: string;
  readonly chain: string;
  readonly network: string;
  readonly publicKey: string;
}

/** Makes an agent of an exported key; see `importAgent`. */
export type ImportAgent = (options: ImportAgentOptions) => Promise<ImportedAgent>;

/** An exported key has less than a kilobyte. */
const FILE_MAX = 16 * 1024;

/** What must be known of a file before its key can be asked for; the keystore reads the rest, and more strictly. */
const headSchema = z.looseObject({
  chain: chainSchema,
  network: networkSchema,
  publicKey: z.string(),
  metadata: z.looseObject({ name: z.string() }),
});

const failure = (code: string, message: string, hint?: string): StartFailure =>
  new StartFailure(message, { exitCode: EXIT.FAILURE, code, ...(hint === undefined ? {} : { hint }) });

function headOf(file: string): { readonly text: string; readonly head: z.infer<typeof headSchema> } {
  const unreadable = (): StartFailure => failure('NOT_AN_EXPORTED_KEY', `${file} is no exported key.`);
  if (statSync(file).size > FILE_MAX) throw unreadable();
  const text = readFileSync(file, 'utf8');
  try {
    return { text, head: headSchema.parse(JSON.parse(text)) };
  } catch (cause) {
    throw new StartFailure(`${file} is no exported key.`, {
      exitCode: EXIT.FAILURE,
      code: 'NOT_AN_EXPORTED_KEY',
      cause,
    });
  }
}

/**
 * Makes an agent of an exported key, as `agent create` does of a new one: without policies of its own, refused while the
 * kill switch is engaged, and on record. A key that an agent has already is not taken twice.
 *
 * @throws StartFailure, WaiaasError SYSTEM_LOCKED
 */
export const importAgent: ImportAgent = (options) =>
  withKeyRoom(options, async ({ keystore, carrier, storage }) => {
    const { text, head } = headOf(options.file);
    const { chain, network, publicKey } = head;
    // Also those that are terminated: their keys are kept, and two agents of one key would share its money.
    if ((await listAgents(storage.read)).some((agent) => agent.public_key === publicKey)) {
      throw failure('KEYSTORE_KEY_EXISTS', `An agent has the key of ${publicKey} already.`);
    }
    const agents = createAgentManagement({
      storage,
      keystore: {
        get isUnlocked() {
          return keystore.isUnlocked;
        },
        createKey: ({ agentId, name }) => carrier.importKey(text, { agentId, name, password: options.importPassword }),
        discardKey: (agentId) => keystore.discardKey(agentId),
      },
      sealer: keystore.sealer,
      clock: systemClock,
      ids: createIdGenerator(systemClock, randomBytes),
      // Whether a daemon can pay there is a matter of its settings, which may change.
      isSupported: () => true,
    });
    const name = options.name ?? head.metadata.name;
    const origin = { actor: { kind: 'operator' }, confirmCredential: () => undefined } as const;
    const agent = await agents.create({ name, chain, network }, origin);
    await storage.write(({ db }) =>
      appendAudit(db, unixSeconds(systemClock), {
        event: 'AGENT_KEY_IMPORTED',
        actor: 'cli',
        agentId: agent.id,
        details: { name, chain, network, publicKey: agent.publicKey },
      }),
    );
    return { agentId: agent.id, name, chain, network, publicKey: agent.publicKey };
  });
