import type { AgentId, RecallRequest, RecallResponse } from '@waiaas/core';
import type { RequestOrigin } from '@waiaas/management';
import type { Decider } from '../decide.ts';
import type { PipelineDependencies } from '../dependencies.ts';
import { withinGrace } from '../grace.ts';
import { FREE_PASSAGE } from '../network-breaker.ts';
import type { Shutdown } from '../shutdown.ts';
import type { WorkUnderWay } from '../work-under-way.ts';
import { createRecallRequests, type RecallRequests } from './recall-requests.ts';
import { createRecallRunner } from './recall-runner.ts';
import { createSweepReader } from './sweep-facts.ts';
import { createTerminations, type Terminations } from './termination.ts';

/** How long a step of a recall is waited for without a look at what has become of it, ms. */
const RECALL_STEP_MS = 15_000;

/** Taking funds back to the owner. `request` answers the recall as it begins; its end shows in `get`. */
export type Recalls = Omit<RecallRequests, 'request'> & {
  request(agentId: AgentId, input: RecallRequest, origin: RequestOrigin): Promise<RecallResponse>;
};

/** Recalls and the ends of agents, which go on by themselves once they are asked for: the end of either may be that of both. */
export interface RecallsUnderWay {
  readonly recalls: Recalls;
  readonly terminations: Terminations;
  /** Runs a recall that was asked for; does nothing for one that is running, nor once the pipeline stops. */
  start(id: string): void;
  /** What is being carried out. None of it rejects. */
  readonly endings: readonly Promise<void>[];
}

/** Makes them, with nothing under way. */
export function createRecalls(
  dependencies: Pick<
    PipelineDependencies,
    'storage' | 'adapters' | 'sealer' | 'gate' | 'clock' | 'ids' | 'timers' | 'logger' | 'archive'
  > & { readonly decider: Decider; readonly work: WorkUnderWay; readonly shutdown: Shutdown },
): RecallsUnderWay {
  const { logger, work, shutdown } = dependencies;
  const reader = createSweepReader(dependencies);
  const requests = createRecallRequests(dependencies);
  const run = createRecallRunner(dependencies, {
    reader,
    async carryOut(claim) {
      // Nothing holds up what goes back to the owner (08 §2.6.1).
      work.carryOut(claim, FREE_PASSAGE);
      await withinGrace(dependencies, [work.endOf(claim.row.id)], RECALL_STEP_MS);
    },
  });
  const terminations = createTerminations({ ...dependencies, reader, startRecall: start });

  /** Recalls that are being carried out. */
  const recalling = new Map<string, Promise<void>>();
  /** Steps towards the end of agents. */
  const terminating = new Set<Promise<void>>();

  function start(id: string): void {
    if (shutdown.isStopping || recalling.has(id)) return;
    const running = run(id, shutdown.signal)
      .catch((error: unknown) =>
        logger.error({ recallId: id, error: String(error) }, 'A recall was left to the next start'),
      )
      .finally(() => {
        recalling.delete(id);
        // An agent that ends may be at its end now.
        advanceTerminations();
      });
    recalling.set(id, running);
  }

  function advanceTerminations(): void {
    if (shutdown.isStopping) return;
    const step = terminations
      .run()
      .catch((error: unknown) =>
        logger.error({ error: String(error) }, 'The ends of agents are left to the next round'),
      )
      .finally(() => terminating.delete(step));
    terminating.add(step);
  }

  return {
    recalls: {
      ...requests,
      async request(agentId, input, origin) {
        shutdown.assertRunning();
        const id = await requests.request(agentId, input, origin);
        start(id);
        return requests.get(id);
      },
    },
    terminations: {
      ...terminations,
      async request(agentId, input, origin) {
        shutdown.assertRunning();
        await terminations.request(agentId, input, origin);
        advanceTerminations();
      },
    },
    start,
    get endings() {
      return [...recalling.values(), ...terminating];
    },
  };
}
