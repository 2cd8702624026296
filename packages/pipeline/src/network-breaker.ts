import { type Chain, type Clock, isoTime, type Logger, type Network, unixSeconds, WaiaasError } from '@waiaas/core';
import { appendAudit, type NetworkStateKey, readState, type Storage, writeState } from '@waiaas/storage';

/** When a network counts as ill, and how it is tried again (08 §2.6.1). */
export interface BreakerSettings {
  /** Failures in a row that open the breaker. */
  readonly failures: number;
  /** Within which they must come, seconds. */
  readonly withinSeconds: number;
  /** How long it then stays open, seconds. */
  readonly openSeconds: number;
  /** Payments that are let through afterwards to try the network; as many successes close it. */
  readonly trials: number;
}

/** A network of a chain. */
export interface NetworkName {
  readonly chain: Chain;
  readonly network: Network;
}

/** Leave to hand one payment to a network. Whoever holds it says what became of that, once; the first word counts. */
export interface Passage {
  /** The network has taken the transaction. */
  succeeded(): void;
  /** The network could not be reached, or did not answer. */
  failed(): void;
  /** Neither: the payment ended for a reason of its own. */
  release(): void;
}

/** Leave where nothing is counted. */
export const FREE_PASSAGE: Passage = {
  succeeded: () => undefined,
  failed: () => undefined,
  release: () => undefined,
};

/** What is known of a network. */
export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

/**
 * The breakers of the networks: a network that fails again and again is left alone for a while, by payments that have not
 * begun. It heals by itself, never touches an agent, and holds up nothing that was sent already (08 §2.6.1).
 */
export interface NetworkBreakers {
  /** @throws WaiaasError CIRCUIT_OPEN */
  enter(of: NetworkName): Promise<Passage>;
  /** Whether `enter` would let a payment pass; takes no leave. @throws WaiaasError CIRCUIT_OPEN */
  check(of: NetworkName): Promise<void>;
  /** Networks that were asked for since the start. */
  states(): readonly (NetworkName & { readonly state: CircuitState })[];
}

/** Seconds after which whoever finds all trials taken may ask again. */
const TRIAL_PAUSE = 10;

interface Trial {
  inFlight: number;
  successes: number;
}
interface Circuit extends NetworkName {
  /** Failures since the last success, epoch ms. */
  failures: readonly number[];
  /** Epoch ms; null while it is closed. */
  openedAt: number | null;
  trial: Trial | null;
}

const keyOf = ({ chain, network }: NetworkName): NetworkStateKey => `circuit:${chain}:${network}`;

/** Builds the breakers. What is open stays open across a restart. */
export function createNetworkBreakers(dependencies: {
  readonly storage: Pick<Storage, 'read' | 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: BreakerSettings;
}): NetworkBreakers {
  const { storage, clock, logger, settings } = dependencies;
  const circuits = new Map<string, Circuit>();

  async function load(of: NetworkName): Promise<Circuit> {
    const key = keyOf(of);
    const known = circuits.get(key);
    if (known !== undefined) return known;
    const stored = await readState(storage.read, key);
    const now = clock.now();
    // What cannot be read was written by somebody else; it counts as open, from now on.
    const openedAt =
      stored === undefined || stored === null
        ? null
        : typeof stored === 'number' && Number.isSafeInteger(stored)
          ? Math.min(stored * 1000, now)
          : now;
    const { chain, network } = of;
    const circuit = circuits.get(key) ?? { chain, network, failures: [], openedAt, trial: null };
    circuits.set(key, circuit);
    return circuit;
  }

  const closesAt = (openedAt: number): number => openedAt + settings.openSeconds * 1000;
  const stateOf = ({ openedAt }: Circuit): CircuitState => {
    if (openedAt === null) return 'CLOSED';
    return clock.now() < closesAt(openedAt) ? 'OPEN' : 'HALF_OPEN';
  };

  /** @throws WaiaasError CIRCUIT_OPEN */
  function refuseUnlessOpenTo(circuit: Circuit): void {
    const { chain, network, openedAt, trial } = circuit;
    const state = stateOf(circuit);
    const taken = (trial?.inFlight ?? 0) + (trial?.successes ?? 0);
    if (state === 'CLOSED' || (state === 'HALF_OPEN' && taken < settings.trials)) return;
    const retryAfter =
      state === 'OPEN' && openedAt !== null ? Math.ceil((closesAt(openedAt) - clock.now()) / 1000) : TRIAL_PAUSE;
    throw new WaiaasError('CIRCUIT_OPEN', { details: { chain, network, retryAfter } });
  }

  /** The state in memory counts; that it could not be stored only means that the next start does not know of it. */
  function store(circuit: Circuit, event: 'CIRCUIT_OPENED' | 'CIRCUIT_CLOSED', isNews: boolean): void {
    const { chain, network, openedAt } = circuit;
    logger.warn({ chain, network }, event === 'CIRCUIT_OPENED' ? 'A network is left alone' : 'A network is used again');
    const value = openedAt === null ? null : Math.floor(openedAt / 1000);
    storage
      .write(async ({ db, notify }) => {
        const now = unixSeconds(clock);
        await writeState(db, keyOf(circuit), value, now);
        await appendAudit(db, now, { event, actor: 'system', details: { chain, network } });
        if (openedAt === null || !isNews) return;
        await notify({ event: 'NETWORK_PAUSED', chain, network, until: isoTime(closesAt(openedAt)) });
      })
      .catch((error: unknown) =>
        logger.error({ chain, network, error: String(error) }, 'The state of a network could not be stored'),
      );
  }

  function open(circuit: Circuit): void {
    // That it goes on is no news: the owner is told once of each outage.
    const isNews = circuit.openedAt === null;
    Object.assign(circuit, { openedAt: clock.now(), failures: [], trial: null });
    store(circuit, 'CIRCUIT_OPENED', isNews);
  }

  function close(circuit: Circuit): void {
    Object.assign(circuit, { openedAt: null, failures: [], trial: null });
    store(circuit, 'CIRCUIT_CLOSED', false);
  }

  function failed(circuit: Circuit, trial: Trial | null): void {
    if (circuit.openedAt !== null) {
      // Of a payment that was let in before it opened, nothing more is learnt.
      if (trial !== null && trial === circuit.trial) open(circuit);
      return;
    }
    const now = clock.now();
    const since = now - settings.withinSeconds * 1000;
    circuit.failures = [...circuit.failures.filter((at) => at > since), now];
    if (circuit.failures.length >= settings.failures) open(circuit);
  }

  function succeeded(circuit: Circuit, trial: Trial | null): void {
    if (circuit.openedAt === null) {
      circuit.failures = [];
      return;
    }
    if (trial === null || trial !== circuit.trial) return;
    trial.successes += 1;
    if (trial.successes >= settings.trials) close(circuit);
  }

  return {
    async enter(of) {
      const circuit = await load(of);
      refuseUnlessOpenTo(circuit);
      if (stateOf(circuit) === 'HALF_OPEN') {
        circuit.trial ??= { inFlight: 0, successes: 0 };
        circuit.trial.inFlight += 1;
      }
      const { trial } = circuit;
      let isOver = false;
      const end = (then: (circuit: Circuit, trial: Trial | null) => void) => (): void => {
        if (isOver) return;
        isOver = true;
        if (trial !== null) trial.inFlight -= 1;
        then(circuit, trial);
      };
      return { succeeded: end(succeeded), failed: end(failed), release: end(() => undefined) };
    },
    async check(of) {
      refuseUnlessOpenTo(await load(of));
    },
    states: () =>
      [...circuits.values()].map((circuit) => ({
        chain: circuit.chain,
        network: circuit.network,
        state: stateOf(circuit),
      })),
  };
}
