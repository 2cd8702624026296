import type { DaemonClock } from './daemon-clock.ts';

/** Whatever of it is asked, the answer says where the page has to go. */
export type Refusal = 'SYSTEM_LOCKED' | 'INVALID_OPERATOR_TOKEN';

const isRefusal = (code: unknown): code is Refusal => code === 'SYSTEM_LOCKED' || code === 'INVALID_OPERATOR_TOKEN';

/** The code of an answer that is an error; undefined where it is none of the daemon's. */
async function codeOf(answer: Response): Promise<unknown> {
  try {
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  } catch {
    // A page of something else on the port, which says nothing of the sign-in.
    return undefined;
  }
}

/**
 * The `fetch` that everything of the page asks the daemon with: it learns the time of the daemon from the answers, and tells
 * when one of them says that the sign-in is over or the kill switch engaged, whoever asked and for what.
 * @param onRefused told before the caller gets the answer
 */
export const createDaemonFetch =
  (
    fetch: typeof globalThis.fetch,
    clock: DaemonClock,
    own: () => number,
    onRefused: (refusal: Refusal) => void,
  ): typeof globalThis.fetch =>
  async (input, init) => {
    const sentAt = own();
    const answer = await fetch(input, init);
    clock.learn(answer.headers.get('date'), sentAt, own());
    if (answer.status === 401) {
      const code = await codeOf(answer.clone());
      if (isRefusal(code)) onRefused(code);
    }
    return answer;
  };
