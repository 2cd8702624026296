import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';

type Say = (text: string) => void;
type Said = readonly { readonly id: number; readonly text: string }[];
const SayContext = createContext<Say>(() => undefined);
const SaidContext = createContext<Said>([]);

const SHOWN_MS = 6000;

/** Lets whatever is below it say something in passing. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState<Said>([]);
  const count = useRef(0);
  const say = useCallback<Say>((text) => {
    const id = count.current++;
    setSaid((all) => [...all.slice(-1), { id, text }]);
    setTimeout(() => setSaid((all) => all.filter((one) => one.id !== id)), SHOWN_MS);
  }, []);
  return (
    <SayContext value={say}>
      <SaidContext value={said}>{children}</SaidContext>
    </SayContext>
  );
}

/**
 * What was said in passing; screen readers say it as well. It stands where it covers nothing that anybody reads: below the menu,
 * and on narrow pages over the mark, beside the button of the menu. There is room for the last thing said there.
 */
export function SaidInPassing() {
  const said = useContext(SaidContext);
  return (
    <div
      role="status"
      aria-live="polite"
      className="said-in-passing pointer-events-none fixed top-2 right-28 left-3 z-30 flex flex-col gap-2 lg:absolute lg:inset-x-3 lg:top-auto lg:bottom-16"
    >
      {said.map(({ id, text }) => (
        <p
          key={id}
          className="rounded-lg bg-ink px-3 py-3.5 text-xs text-page shadow-lg wrap-anywhere not-last:hidden lg:px-4 lg:py-2.5 lg:text-sm lg:not-last:block"
        >
          {text}
        </p>
      ))}
    </div>
  );
}

/** Says something in passing. */
export const useToast = (): Say => useContext(SayContext);
