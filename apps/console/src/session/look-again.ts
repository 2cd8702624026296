/** When nothing has changed lately, a change is looked at this soon, milliseconds: what is committed together comes together. */
const FIRST_MS = 250;
/** While something keeps changing, the same thing is looked at no more often than this, milliseconds. */
export const LONGEST_MS = 15_000;
const GROWTH = 3;

/** Looks again at what has changed. */
export interface LookAgain {
  /** Something has changed; it is looked at soon, however often this is said. */
  due(name: string): void;
  /** The page can be seen again: what has changed meanwhile is looked at now. */
  wake(): void;
  /** Looks at nothing any more. */
  stop(): void;
}

interface Pace {
  pause: number;
  lastLook: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  isHeld: boolean;
}

/**
 * Keeps a page from asking as often as a busy daemon changes: the first change is looked at at once, those that follow ever
 * more rarely, and nothing while nobody can see the page.
 *
 * @param look asks again for what has the name
 * @param isHidden whether nobody can see the page
 */
export function createLookAgain(look: (name: string) => void, isHidden: () => boolean): LookAgain {
  const paces = new Map<string, Pace>();

  function act(name: string, pace: Pace): void {
    pace.timer = undefined;
    pace.isHeld = isHidden();
    if (pace.isHeld) return;
    pace.lastLook = Date.now();
    pace.pause = Math.min(LONGEST_MS, pace.pause * GROWTH);
    look(name);
  }

  return {
    due(name) {
      const pace = paces.get(name) ?? { pause: FIRST_MS, lastLook: 0, timer: undefined, isHeld: false };
      paces.set(name, pace);
      if (pace.timer !== undefined || pace.isHeld) return;
      const since = Math.abs(Date.now() - pace.lastLook);
      if (since > LONGEST_MS) pace.pause = FIRST_MS;
      pace.timer = setTimeout(() => act(name, pace), Math.max(FIRST_MS, pace.pause - since));
    },
    wake() {
      for (const [name, pace] of paces) if (pace.isHeld) act(name, pace);
    },
    stop() {
      for (const { timer } of paces.values()) clearTimeout(timer);
      paces.clear();
    },
  };
}
