/** A question that is put to whoever sits there, with the number it is known by. */
export interface Posed<Question> {
  readonly id: number;
  readonly question: Question;
}

/** Puts questions one after another: two that come at once are both answered, and no answer goes to the other one. */
export interface Desk<Question> {
  /**
   * Puts a question once those before it are answered.
   * @param pose makes the question of the way to answer it; null: nobody wants to
   * @returns the answer; null also where the desk was cleared
   */
  ask<Answer>(pose: (answer: (given: Answer | null) => void) => Question): Promise<Answer | null>;
  /** The question that is to be answered now. */
  present(): Posed<Question> | null;
  /** Answers nothing any more: whoever waits is told that nobody wants to. */
  clear(): void;
  /** Tells when there is another present question. @returns ends it */
  subscribe(listener: () => void): () => void;
}

/** Makes an empty one. */
export function createDesk<Question>(): Desk<Question> {
  let queue: readonly { readonly posed: Posed<Question>; readonly dismiss: () => void }[] = [];
  let next = 1;
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };
  return {
    ask: (pose) =>
      new Promise((resolve) => {
        const id = next++;
        const answer = (given: Parameters<typeof resolve>[0]): void => {
          // A wallet may answer long after somebody has closed its question.
          if (!queue.some(({ posed }) => posed.id === id)) return;
          queue = queue.filter(({ posed }) => posed.id !== id);
          resolve(given);
          tell();
        };
        queue = [...queue, { posed: { id, question: pose(answer) }, dismiss: () => answer(null) }];
        tell();
      }),
    present: () => queue[0]?.posed ?? null,
    clear() {
      for (const { dismiss } of queue) dismiss();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
