import type { RowSealer } from '@waiaas/core';
import { authenticRecall, type Db, listLiveRecalls, reportBrokenRecall, stopRecall } from '@waiaas/storage';

/**
 * Lets every recall that has not ended go no further, in the unit of work that engages the kill switch. It does not go on
 * after a recovery either: nobody is surprised by a sweep that was asked for before. It ends, with this word as its error,
 * as soon as the chain has told what became of what it had sent; whoever wants the rest back asks again. Answers how many
 * there were. One that somebody else has changed is reported, and carried out by nobody.
 */
export async function stopRecalls(
  db: Db,
  sealer: RowSealer,
  now: number,
  { token }: { readonly token: string },
): Promise<number> {
  let stopped = 0;
  for (const found of await listLiveRecalls(db)) {
    const recall = authenticRecall(sealer, found);
    if (recall === null) await reportBrokenRecall(db, found, now);
    else if ((await stopRecall(db, sealer, recall, token)) !== null) stopped += 1;
  }
  return stopped;
}
