/** How to start a ledger. Everything has a default. */
export interface LocalnetOptions {
  /** Address to listen on. Default 127.0.0.1: the ledger has no access control. */
  readonly host?: string;
  /** HTTP port; 0 picks a free one. Default 0. */
  readonly port?: number;
  /** WebSocket port; 0 picks a free one. Default 0. */
  readonly wsPort?: number;
  /** Milliseconds for each slot, or `'manual'`: then slots pass only by `advanceSlots`. Default 400. */
  readonly slotMs?: number | 'manual';
  /** Slots after which a block is confirmed, at least 1. Default 1. */
  readonly confirmAfterSlots?: number;
  /** Slots after which a block is finalized, more than `confirmAfterSlots`. Default 32. */
  readonly finalizeAfterSlots?: number;
  /** Landed transactions kept. Default 100 000. */
  readonly historyLimit?: number;
}

/** Options with every default filled in. */
export type ResolvedOptions = Required<LocalnetOptions>;

/** Fills in defaults. @throws RangeError when a value makes no sense */
export function resolveOptions(options: LocalnetOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    wsPort: options.wsPort ?? 0,
    slotMs: options.slotMs ?? 400,
    confirmAfterSlots: options.confirmAfterSlots ?? 1,
    finalizeAfterSlots: options.finalizeAfterSlots ?? 32,
    historyLimit: options.historyLimit ?? 100_000,
  };
  requireWhole('port', resolved.port, 0, 65_535);
  requireWhole('wsPort', resolved.wsPort, 0, 65_535);
  if (resolved.slotMs !== 'manual') requireWhole('slotMs', resolved.slotMs, 1, 3_600_000);
  requireWhole('confirmAfterSlots', resolved.confirmAfterSlots, 1, 1_000);
  requireWhole('finalizeAfterSlots', resolved.finalizeAfterSlots, resolved.confirmAfterSlots + 1, 1_000);
  requireWhole('historyLimit', resolved.historyLimit, 1, Number.MAX_SAFE_INTEGER);
  return resolved;
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
  }
}
