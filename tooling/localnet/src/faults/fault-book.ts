import type { Fault, FaultOf, FaultType } from './fault.ts';

/** The faults that are switched on. */
export interface FaultBook {
  /** Switches a fault on; the returned function switches it off. The oldest matching fault wins. */
  add(fault: Fault): () => void;
  /** The fault of this type that hits this call, if any; uses up one of its times. */
  take<T extends FaultType>(type: T, method?: string): FaultOf<T> | undefined;
  /** Switches all faults off. */
  reset(): void;
  /** The faults still on, with the times they have left. */
  list(): readonly Fault[];
}

interface Entry {
  readonly fault: Fault;
  timesLeft: number;
}

export function createFaultBook(): FaultBook {
  let entries: Entry[] = [];
  const remove = (entry: Entry): void => {
    entries = entries.filter((other) => other !== entry);
  };
  return {
    add(fault) {
      const timesLeft = 'times' in fault ? (fault.times ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
      const entry = { fault, timesLeft };
      entries.push(entry);
      return () => remove(entry);
    },
    take(type, method) {
      for (const entry of entries) {
        const { fault } = entry;
        if (!isOfType(fault, type)) continue;
        if ('method' in fault && fault.method !== undefined && fault.method !== method) continue;
        entry.timesLeft -= 1;
        if (entry.timesLeft <= 0) remove(entry);
        return fault;
      }
      return undefined;
    },
    reset() {
      entries = [];
    },
    list: () =>
      entries.map(({ fault, timesLeft }) => (Number.isFinite(timesLeft) ? { ...fault, times: timesLeft } : fault)),
  };
}

function isOfType<T extends FaultType>(fault: Fault, type: T): fault is FaultOf<T> {
  return fault.type === type;
}
