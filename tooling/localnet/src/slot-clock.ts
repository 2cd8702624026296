import type { Ledger } from './ledger/ledger.ts';

/** Behind by more than this many slots (a suspended machine), the ledger skips them instead of catching up. */
const MAX_CATCH_UP = 150;

/** Lets slots pass with real time. The returned function stops it. */
export function startSlotClock(ledger: Pick<Ledger, 'produceBlock'>, slotMs: number): () => void {
  const startedAt = performance.now();
  let passed = 0;
  const timer = setInterval(() => {
    const due = Math.floor((performance.now() - startedAt) / slotMs) - passed;
    passed += due;
    if (due > MAX_CATCH_UP) ledger.produceBlock(due - 1);
    else for (let slot = 0; slot < due; slot += 1) ledger.produceBlock();
  }, slotMs);
  return () => clearInterval(timer);
}
