import type { Action } from './attempt.ts';
import { payAtOnce } from './paying.ts';
import { recoverFromStop } from './stops.ts';

/** How many of a thousand backups that could be put back are. */
const PUT_BACK = 300;

/** Makes a backup while payments are on their way. */
export const backUp: Action = {
  name: 'make a backup',
  weight: 1,
  async run(world) {
    const { random } = world;
    payAtOnce(world, random.int(0, 3));
    await world.elapse(random.int(0, 8) * 250);
    if (!world.daemon.isDead) world.backUp();
  },
};

/** Puts the newest backup back, of a daemon that was stopped or has died, and goes on from there. */
export const putBack: Action = {
  name: 'put a backup back',
  weight: 1,
  changesPolicies: true,
  async run(world) {
    const { random } = world;
    // One that is engaged is lifted by its own means only: the command refuses.
    if (world.backup === null || world.isStopped || !random.chance(PUT_BACK)) return;
    payAtOnce(world, random.int(0, 3));
    await world.elapse(random.int(0, 8) * 250);
    if (random.chance(300)) world.daemon.die();
    await world.putBack(world.backup);
    if (world.daemon.isDead) return;
    payAtOnce(world, random.int(0, 2));
    await world.elapse(random.int(0, 20) * 1000);
    if (!world.daemon.isDead && random.chance(150)) await world.restart();
    if (!world.daemon.isDead && random.chance(750)) await recoverFromStop(world);
  },
};
