import type { FaultBook } from '../faults/fault-book.ts';

/** What the switched-on faults do to one HTTP request. */
export interface HttpTreatment {
  readonly hang: boolean;
  readonly reset: boolean;
  readonly status: number | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly delayMs: number;
  /** After the calls were executed: answer, cut the connection, or stay silent. */
  readonly reply: 'send' | 'drop' | 'withhold';
}

/** Decides the treatment of a request that holds these methods. A batch suffers what any of its calls suffers. */
export function treatmentOf(faults: FaultBook, methods: readonly string[]): HttpTreatment {
  let status: number | undefined;
  let retryAfterSeconds: number | undefined;
  let hang = false;
  let reset = false;
  let delayMs = 0;
  let reply: HttpTreatment['reply'] = 'send';
  for (const method of methods) {
    hang ||= faults.take('hang', method) !== undefined;
    if (hang) break;
    reset ||= faults.take('reset', method) !== undefined;
    if (reset) break;
    const refusal = faults.take('httpError', method);
    if (refusal !== undefined) {
      status = refusal.status;
      retryAfterSeconds = refusal.retryAfterSeconds ?? (refusal.status === 429 ? 1 : undefined);
      break;
    }
    delayMs = Math.max(delayMs, faults.take('delay', method)?.ms ?? 0);
    if (faults.take('dropReply', method) !== undefined) reply = 'drop';
    else if (faults.take('withholdReply', method) !== undefined) reply = 'withhold';
  }
  return { hang, reset, status, retryAfterSeconds, delayMs, reply };
}
