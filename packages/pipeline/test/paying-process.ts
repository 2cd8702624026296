import { z } from 'zod';
import { createWorld, type Payer } from './world.ts';

/*
 * A process of its own that pays from the folder of a world: paying-process <folder> <payers as JSON> <amount> <times>. Says
 * when it is ready, pays once it is told to, says how many of its payments were admitted, and ends.
 */

const [folder = '', payersText = '[]', amount = '1', times = '1'] = process.argv.slice(2);
const payers: readonly Payer[] = z.array(z.custom<Payer>()).parse(JSON.parse(payersText));
const world = await createWorld({ folder });

async function pay(): Promise<number> {
  const admitted: string[] = [];
  let open = Number(times);
  for (let index = 0; index < Number(times); index += 1) {
    const payer = payers[index % payers.length];
    if (payer === undefined) throw new Error('Nobody is to pay');
    world.ledger.fund(payer.address, 10n ** 15n);
    void world
      .send(payer, BigInt(amount), { waitMs: 1 })
      .then(
        ({ transactionId }) => void admitted.push(transactionId),
        () => undefined,
      )
      .finally(() => {
        open -= 1;
      });
  }
  await world.time.runUntil(() => open === 0);
  return admitted.length;
}

process.once('message', async () => {
  const admitted = await pay();
  await world.stop();
  process.send?.({ admitted });
  process.disconnect();
});
process.send?.({ ready: true });
