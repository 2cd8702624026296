/** Deepest chain that is followed; a longer one is a loop or an attack. */
const DEPTH = 10;

/** An error and its causes, outermost first (02 §17: the reason of a preflight failure is only in `cause`). */
export function causeChain(error: unknown): readonly unknown[] {
  const links: unknown[] = [];
  let link = error;
  while (link !== undefined && link !== null && links.length < DEPTH && !links.includes(link)) {
    links.push(link);
    link = link instanceof Error ? link.cause : undefined;
  }
  return links;
}
