import { createKillSwitch, type KillSwitch, loadKillSwitch } from '@waiaas/safety';
import { silent, type World } from './world.ts';

/** The kill switch of a world, as the daemon puts it together. */
export async function killSwitchOf(world: World): Promise<KillSwitch> {
  const { keystore, gate } = world.keystoreParts;
  return createKillSwitch({
    storage: world.storage,
    sealer: keystore.sealer,
    vault: keystore,
    gate,
    clock: world.time,
    timers: world.time,
    logger: silent,
    endOperatorTokens: () => undefined,
    afterUnlock: async () => undefined,
    takeUpPayments: () => world.pipeline.sweep(),
    initial: await loadKillSwitch(world.storage, world.time, silent),
  });
}
