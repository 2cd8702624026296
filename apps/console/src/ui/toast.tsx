import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';

type Say = (text: string) => void;
const Context = createContext<Say>(() => undefined);

const SHOWN_MS = 6000;

/** Says in passing what was done; screen readers say it as well. */
export function Toasts({ children }: { readonly children: ReactNode }) {
  const [said, setSaid] = useState<readonly { readonly id: number; readonly text: string }[]>([]);
  const count = useRef(0);
  const say = useCallback<Say>((text) => {
    const id = count.current++;
    setSaid((all) => [...all.slice(-2), { id, text }]);
    setTimeout(() => setSaid((all) => all.filter((one) => one.id !== id)), SHOWN_MS);
  }, []);
  return (
    <Context value={say}>
      {children}
      <div
        role="status"
        aria-live="polite"
        className="pointer-events-none fixed inset-x-0 bottom-4 z-50 flex flex-col items-center gap-2 px-4"
      >
        {said.map(({ id, text }) => (
          <p key={id} className="rounded-lg bg-ink px-4 py-2.5 text-sm text-page shadow-lg">
            {text}
          </p>
        ))}
      </div>
    </Context>
  );
}

/** Says something in passing. */
export const useToast = (): Say => useContext(Context);
