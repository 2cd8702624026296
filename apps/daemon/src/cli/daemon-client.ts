import { request } from 'node:http';
import { errorBodySchema } from '@waiaas/core';
import type { z } from 'zod';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { isSystemError } from '../system-error.ts';
import { CliError } from './cli-error.ts';

/** A request to the daemon on this machine. */
export interface DaemonRequest<T> {
  readonly port: number;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Sent as X-Master-Password. */
  readonly password?: string;
  /** Sent as Authorization. */
  readonly authorization?: string;
  /** Sent as X-Local-Proof. */
  readonly localProof?: string;
  readonly body?: unknown;
  /** A body of JSON to the byte, in place of `body`: what an owner signed must not be written anew. */
  readonly rawBody?: string | undefined;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** What the answer must be. */
  readonly answer: z.ZodType<T>;
}

const TIMEOUT_MS = 10_000;
const ANSWER_MAX = 16 * 1024 * 1024;

const AUTHENTICATION_CODES: ReadonlySet<string> = new Set([
  'INVALID_MASTER_PASSWORD',
  'MASTER_PASSWORD_LOCKED',
  'INVALID_OPERATOR_TOKEN',
]);

interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** One exchange over a connection of its own, always to 127.0.0.1: the name `localhost` could lead elsewhere. */
const exchange = (call: DaemonRequest<unknown>): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const body = call.rawBody ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
    const signal = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: call.port,
        method: call.method,
        path: call.path,
        agent: false,
        signal,
        headers: {
          accept: 'application/json',
          ...(body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...(call.password === undefined ? {} : { 'x-master-password': call.password }),
          ...(call.authorization === undefined ? {} : { authorization: call.authorization }),
          ...(call.localProof === undefined ? {} : { 'x-local-proof': call.localProof }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > ANSWER_MAX) incoming.destroy(new Error('The answer is too large.'));
          else chunks.push(chunk);
        });
        incoming.on('error', (error) => reject(signal.aborted ? signal.reason : error));
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    outgoing.end(body);
  });

const fail = (code: string, message: string, hint: string, exitCode: ExitCode = EXIT.FAILURE): CliError =>
  new CliError({ code, message, hint, exitCode });

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** What the command says about an answer that is an error. */
function apiFailure(status: number, body: unknown): CliError {
  const parsed = errorBodySchema.safeParse(body);
  if (!parsed.success) {
    return fail(
      'UNEXPECTED_ANSWER',
      `The daemon answered with status ${status} and no error body.`,
      'Look into its log.',
    );
  }
  const { code, message, hint, details } = parsed.data;
  const exitCode = AUTHENTICATION_CODES.has(code) ? EXIT.AUTHENTICATION : EXIT.FAILURE;
  return new CliError({
    code,
    message,
    hint: adviceFor(code, details) ?? hint,
    details,
    exitCode,
  });
}

/** Hints of the API are for those who write requests; the command's user needs others. */
function adviceFor(code: string, details: unknown): string | undefined {
  if (code === 'INVALID_MASTER_PASSWORD')
    return 'Check the password and try again; five wrong ones lock it for a while.';
  if (code === 'POLICY_CONFLICT')
    return 'Look at it with "waiaas policy list", and give the command again for what it is now.';
  if (code !== 'MASTER_PASSWORD_LOCKED' || typeof details !== 'object' || details === null) return undefined;
  const seconds = 'retryAfter' in details && typeof details.retryAfter === 'number' ? details.retryAfter : null;
  return seconds === null ? undefined : `Try again in ${Math.ceil(seconds / 60)} minutes.`;
}

/**
 * Asks the daemon and answers what it said.
 *
 * @throws CliError: exit code 3 when nobody listens, 4 for a wrong or locked password, 1 for time-outs and all else
 */
export async function callDaemon<T>(call: DaemonRequest<T>): Promise<T> {
  let raw: RawAnswer;
  try {
    raw = await exchange(call);
  } catch (error) {
    if (isSystemError(error, 'ECONNREFUSED')) {
      throw fail(
        'NOT_RUNNING',
        `No daemon answers on 127.0.0.1:${call.port}.`,
        'Start it with "waiaas start".',
        EXIT.NOT_RUNNING,
      );
    }
    if (error instanceof Error && error.name === 'TimeoutError') {
      const seconds = (call.timeoutMs ?? TIMEOUT_MS) / 1000;
      throw fail(
        'TIMEOUT',
        `The daemon did not answer within ${seconds} s.`,
        'Look into its log; "waiaas status" shows whether it lives.',
      );
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw fail(
      'CONNECTION_LOST',
      `The connection to the daemon broke: ${reason}`,
      'Whether the request was carried out is not known; look before repeating it.',
    );
  }
  const body = parseJson(raw.text);
  if (raw.status >= 400) throw apiFailure(raw.status, body);
  const answer = call.answer.safeParse(body);
  if (!answer.success) {
    throw fail(
      'UNEXPECTED_ANSWER',
      'What answers is not a daemon of this version.',
      'Restart the daemon after an update, and check the port.',
    );
  }
  return answer.data;
}
