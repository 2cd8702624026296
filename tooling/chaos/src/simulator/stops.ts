import { attempt } from './attempt.ts';
import { PASSWORD } from './incarnation.ts';
import { replaceSessions } from './sessions.ts';
import { by, OPERATOR, type SimulatedWorld, WALLETS } from './world.ts';

/** Engages the kill switch, as whoever may. */
export async function engage(world: SimulatedWorld): Promise<void> {
  const { random, daemon, owner } = world;
  const origin = random.pick([OPERATOR, ...(owner === null ? [] : [by(owner)]), { by: 'auto_stop' } as const]);
  await attempt(world, 'stop everything', async () => {
    const engaged = await daemon.killSwitch.activate('a drill', origin);
    world.stopped();
    return engaged;
  });
  if (!daemon.isDead) await world.learn();
}

/** Recovers from the kill switch; before that, somebody else may try. */
export async function recoverFromStop(world: SimulatedWorld): Promise<void> {
  const { random, daemon, owner } = world;
  const wallet = random.chance(850) ? owner : (WALLETS.find(({ address }) => address !== owner?.address) ?? null);
  // Without an owner it is the command on the machine that counts, whatever is signed.
  const mayRecover = owner === null || wallet?.address === owner.address;
  const done = await attempt(world, `recover as ${wallet?.chain ?? 'nobody but the operator'}`, () =>
    daemon.killSwitch.recover({
      password: PASSWORD,
      proveOwner: wallet === null ? null : async () => by(wallet),
      isLocalCommand: () => true,
      origin: OPERATOR,
    }),
  );
  if (done !== null && !mayRecover) world.violated('somebody else could recover');
  if (daemon.isDead) return;
  await world.learn();
  if (done !== null) await replaceSessions(world);
}
