import { openAbortScope } from './abort-scope.ts';
import { localError, WAIaaSError } from './error.ts';
import { ABORTED, unreachable } from './exchange.ts';
import { readAnswer } from './read-answer.ts';

/** A stream of server-sent events to listen to. */
export interface EventStream<T> {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The events that are wanted. */
  readonly event: string;
  /** Fields without which a message is not the daemon's. */
  readonly fields: readonly (keyof T & string)[];
  readonly signals: readonly (AbortSignal | undefined)[];
}

/** Longest message that is read, characters: nobody can fill the memory of a listener. */
const LONGEST = 1_000_000;
/** The daemon shows every 15 s that it is there. */
const SILENCE_MS = 45_000;

/**
 * Listens to server-sent events over `fetch`, which, unlike EventSource, carries the Authorization header. It does not
 * connect again by itself: what happened meanwhile would be missed in silence.
 *
 * @throws WAIaaSError what the daemon answered, or told at the end; NETWORK_ERROR
 */
export async function* watchEvents<T>(
  fetch: typeof globalThis.fetch,
  { url, headers, event, fields, signals }: EventStream<T>,
): AsyncGenerator<T, void> {
  const scope = openAbortScope(signals);
  const silence = new AbortController();
  const signal = AbortSignal.any([scope.signal, silence.signal]);
  const begin = () => setTimeout(() => silence.abort(), SILENCE_MS);
  let timer = begin();
  const parse = (text: string): T => {
    const reading = readAnswer<T>({ status: 200, ok: true, headers: new Headers(), text }, fields, []);
    if ('value' in reading) return reading.value;
    throw new WAIaaSError(reading.failure);
  };
  try {
    const response = await fetch(url, {
      headers: { accept: 'text/event-stream', ...headers },
      signal,
      redirect: 'error',
      credentials: 'omit',
      cache: 'no-store',
    });
    if (!response.ok || response.body === null) {
      const answer = { status: response.status, ok: false, headers: response.headers, text: await response.text() };
      const reading = readAnswer<T>(answer, fields, []);
      throw 'failure' in reading
        ? new WAIaaSError(reading.failure)
        : localError('UNKNOWN_ERROR', 'No stream of events');
    }
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      // It is the daemon that is listened to: how long the caller thinks about what it was told is none of this.
      clearTimeout(timer);
      if (done) throw new WAIaaSError({ ...unreachable(null, url), message: 'The daemon ended the stream.' });
      rest += value;
      const messages = rest.split('\n\n');
      rest = messages.pop() ?? '';
      if (rest.length > LONGEST) throw localError('UNKNOWN_ERROR', 'A message of the stream has no end');
      for (const message of messages) {
        const { name, data } = readEvent(message);
        if (name === event) yield parse(data);
        else if (name === 'end') throw new WAIaaSError(endOf(data));
      }
      timer = begin();
    }
  } catch (error) {
    if (error instanceof WAIaaSError) throw error;
    if (scope.signal.aborted) {
      if (signals.some((one) => one?.aborted === true)) return;
      throw new WAIaaSError(ABORTED);
    }
    throw new WAIaaSError(unreachable(error, url));
  } finally {
    clearTimeout(timer);
    silence.abort();
    scope.close();
  }
}

/** One event by its lines; what is none of the fields that are used is passed over. */
function readEvent(message: string): { readonly name: string; readonly data: string } {
  const of = (field: string): readonly string[] =>
    message.split('\n').flatMap((line) => (line.startsWith(`${field}: `) ? [line.slice(field.length + 2)] : []));
  return { name: of('event').at(-1) ?? '', data: of('data').join('\n') };
}

/** Why the daemon ended the stream. */
function endOf(data: string) {
  const answer = { status: 401, ok: false, headers: new Headers(), text: data };
  const reading = readAnswer<{ readonly none: never }>(answer, ['none'], []);
  if ('failure' in reading) return reading.failure;
  return localError('UNKNOWN_ERROR', 'The daemon ended the stream');
}
