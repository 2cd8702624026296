import { EXIT } from '../exit-codes.ts';
import { CliError } from './cli-error.ts';

/** What is asked of the API for one page, as query parameters. */
export interface PageQuery extends Record<string, string> {
  readonly limit: string;
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last one. */
  readonly nextCursor: string | null;
}

/** No list a person reads is longer: 100,000 items. */
const PAGES_MAX = 1000;

/** Everything of a list that comes in pages. @throws CliError when it does not end */
export async function allPages<T>(load: (query: PageQuery) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const query: PageQuery = { limit: '100', ...(cursor === null ? {} : { cursor }) };
    const { items: more, nextCursor }: Page<T> = await load(query);
    items.push(...more);
    if (nextCursor === null) return items;
    cursor = nextCursor;
  }
  throw new CliError({
    code: 'UNEXPECTED_ANSWER',
    message: 'The list of the daemon does not end.',
    exitCode: EXIT.FAILURE,
  });
}
