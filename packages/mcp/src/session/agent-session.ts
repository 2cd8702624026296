import { setTimeout as delay } from 'node:timers/promises';
import { WAIaaSClient, WAIaaSError } from '@waiaas/sdk';
import { ConfigError, type McpConfig } from '../config.ts';
import { type TokenFile, tokenFile } from './token-file.ts';

/** The session of the agent that this server speaks for. */
export interface AgentSession {
  readonly baseUrl: string;
  /** Makes a call with the present token; once more when another process has exchanged the token meanwhile. */
  call<T>(make: (client: WAIaaSClient) => Promise<T>): Promise<T>;
  /** Renews the session when it is time, so that it does not end while nobody asks for anything. */
  renewIfDue(): Promise<void>;
  /** Resolves once nothing is under way: the token of a renewal would be lost. */
  settled(): Promise<void>;
  /** A text without the token. */
  conceal(text: string): string;
}

/** Told to whoever looks at the log. Never holds the token. */
export type Report = (line: string) => void;

/** What the daemon says when a token has ended, whichever way. */
const ENDED: readonly string[] = ['INVALID_TOKEN', 'TOKEN_EXPIRED', 'SESSION_REVOKED', 'SESSION_EXPIRED'];
/** How long another process may take from the daemon's answer to the file. */
const EXCHANGE_MS = 500;
const LOOK_MS = 25;

/**
 * Opens the session of an agent. With a token file, the session renews itself, and every new token is in the file before
 * it is used; several servers may share one file, as several AI tools of one person do.
 *
 * @throws ConfigError when there is no token to begin with
 */
export function openAgentSession({ baseUrl, source }: McpConfig, report: Report): AgentSession {
  const file = source.kind === 'file' ? tokenFile(source.path) : null;
  let token = source.kind === 'file' ? tokenFile(source.path).read() : source.token;
  /** What the file held when it was last looked at or written. */
  let inFile = token;
  /** A token that could not be written. */
  let unsaved: string | null = null;
  let problem: string | null = null;
  const underWay = new Set<Promise<unknown>>();

  const client = new WAIaaSClient({
    baseUrl,
    sessionToken: token,
    // Whether to try again is for the model to say: it waits for the answer, and its client does so for a minute at most.
    retry: { maxRetries: 0 },
    ...(file === null
      ? {}
      : {
          autoRenew: {
            onRenewed: (renewed) => {
              token = renewed.token;
              unsaved = token;
              save(file);
              report(`The session was renewed until ${renewed.expiresAt}; ${renewed.renewalsLeft} renewals are left.`);
            },
            onRefused: ({ code }) => report(`The session could not be renewed (${code}).`),
          },
        }),
  });

  function save(file: TokenFile): void {
    if (unsaved === null) return;
    try {
      file.replace(unsaved);
      inFile = unsaved;
      unsaved = null;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // The old token has ended. The new one is good as long as this process lives, and is written as soon as it can be.
      report(`${error.message} The new session token is lost when this server ends.`);
    }
  }

  /** Takes over a token that somebody else has put into the file. */
  function adopt(): void {
    if (file === null) return;
    let found: string;
    try {
      found = file.read();
      problem = null;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      if (problem !== error.message) report(`${error.message} Going on with the token there was.`);
      problem = error.message;
      return;
    }
    if (found === inFile) {
      save(file);
      return;
    }
    inFile = found;
    unsaved = null;
    token = found;
    client.setSessionToken(found);
  }

  function tracked<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const ended = () => void underWay.delete(work);
    work.then(ended, ended);
    return work;
  }

  async function attempt<T>(make: (client: WAIaaSClient) => Promise<T>): Promise<T> {
    adopt();
    const used = token;
    try {
      return await make(client);
    } catch (error) {
      if (file === null || !(error instanceof WAIaaSError) || !ENDED.includes(error.code)) throw error;
      for (let waited = 0; token === used && waited < EXCHANGE_MS; waited += LOOK_MS) {
        await delay(LOOK_MS);
        adopt();
      }
      if (token === used) throw error;
      return make(client);
    }
  }

  return {
    baseUrl,
    call: (make) => tracked(attempt(make)),
    async renewIfDue() {
      if (file === null) return;
      adopt();
      await tracked(client.renewIfDue());
    },
    async settled() {
      await Promise.allSettled(underWay);
    },
    conceal: (text) => text.replaceAll(token, 'wai_sess_***'),
  };
}
