/** What is committed together comes together: this soon a change is looked at, milliseconds. */
const SOON_MS = 250;

/** How often the same thing is looked at again while it keeps changing. */
export interface Pace {
  /** Looks that are made at once after a rest. */
  readonly burst: number;
  /** After those, one in this time, milliseconds. */
  readonly everyMs: number;
}

/** Of what can be large, or is one of many on a page. */
export const CALM: Pace = { burst: 12, everyMs: 20_000 };
/** Of what the daemon itself looks at seldom. */
export const SLOW: Pace = { burst: 1, everyMs: 60_000 };
/** Of what somebody waits for. */
export const PROMPT: Pace = { burst: 20, everyMs: 3_000 };

/** Requests that one look may take before looks are made more seldom for it. */
const CHEAP = 6;
/** A request of one name in this time, milliseconds, once the first are made: twenty a minute, however much there is to look at. */
const REQUEST_MS = 3_000;

/**
 * The pace of what takes several requests to look at, as a list of many pages or the figures of many agents do: fewer looks at
 * once, and where they are many, more time between them. The daemon counts requests, and agents need theirs.
 * @param requests what one look takes
 */
export const paceFor = ({ burst, everyMs }: Pace, requests: number): Pace => ({
  burst: Math.max(1, Math.floor(burst / Math.max(1, requests))),
  everyMs: Math.max(everyMs, (everyMs * requests) / CHEAP, REQUEST_MS * requests),
});

/** Looks again at what has changed. */
export interface LookAgain {
  /** Something has changed; it is looked at soon, however often this is said. */
  due(name: string): void;
  /** The page can be seen again: what has changed meanwhile is looked at now. */
  wake(): void;
  /** Looks at nothing any more. */
  stop(): void;
}

interface Watched {
  /** Looks that may be made at once; a part of one where time has passed for that. */
  credit: number;
  /** When the credit was worked out, ms since 1970. */
  at: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  isHeld: boolean;
}

/**
 * Keeps a page from asking as often as a busy daemon changes: what changes now and then is looked at at once, what never
 * rests at its pace, and nothing while nobody can see the page.
 *
 * @param look asks again for what has the name
 * @param paceOf the pace of a name
 * @param isHidden whether nobody can see the page
 */
export function createLookAgain(
  look: (name: string) => void,
  paceOf: (name: string) => Pace,
  isHidden: () => boolean,
): LookAgain {
  const all = new Map<string, Watched>();

  function earn(name: string, watched: Watched): void {
    const { burst, everyMs } = paceOf(name);
    const now = Date.now();
    // A clock that was set back earns nothing, and loses nothing.
    watched.credit = Math.min(burst, watched.credit + Math.max(0, now - watched.at) / everyMs);
    watched.at = now;
  }

  function act(name: string, watched: Watched): void {
    watched.timer = undefined;
    watched.isHeld = isHidden();
    if (watched.isHeld) return;
    earn(name, watched);
    watched.credit = Math.max(0, watched.credit - 1);
    look(name);
  }

  return {
    due(name) {
      const { burst, everyMs } = paceOf(name);
      const watched = all.get(name) ?? { credit: burst, at: Date.now(), timer: undefined, isHeld: false };
      all.set(name, watched);
      if (watched.timer !== undefined || watched.isHeld) return;
      earn(name, watched);
      const wait = Math.max(SOON_MS, (1 - watched.credit) * everyMs);
      watched.timer = setTimeout(() => act(name, watched), wait);
    },
    wake() {
      for (const [name, watched] of all) if (watched.isHeld) act(name, watched);
    },
    stop() {
      for (const { timer } of all.values()) clearTimeout(timer);
      all.clear();
    },
  };
}
