import {
  type DefaultError,
  hashKey,
  type InfiniteData,
  type QueryClient,
  type QueryKey,
  type UseInfiniteQueryOptions,
  type UseInfiniteQueryResult,
  type UseQueryOptions,
  type UseQueryResult,
  useInfiniteQuery as useInfiniteQueryAlone,
  useQuery as useQueryAlone,
  useQueryClient,
} from '@tanstack/react-query';

/** A question to the daemon that can be asked anew. */
export interface Asking {
  /** Which question it is: another one has another name. */
  readonly question: string;
  /** Asks anew, whatever has become of the last time: what hangs is given up. */
  askAnew(): Promise<void>;
}

/**
 * Asks a question anew. Whoever asks for what has never been answered joins the request that is under way, which may be the very
 * one that hangs, or waits to be made; so that one is ended first.
 */
export async function askAnew(queries: QueryClient, queryKey: QueryKey): Promise<void> {
  const which = { queryKey, exact: true };
  await queries.cancelQueries(which);
  await queries.refetchQueries(which);
}

const askingOf = (queries: QueryClient, queryKey: QueryKey): Asking => ({
  question: hashKey(queryKey),
  askAnew: () => askAnew(queries, queryKey),
});

/** The library's own, with what it takes to ask anew. */
export function useQuery<Told, Failure = DefaultError, Shown = Told, Key extends QueryKey = QueryKey>(
  options: UseQueryOptions<Told, Failure, Shown, Key>,
): UseQueryResult<Shown, Failure> & Asking {
  const queries = useQueryClient();
  return { ...useQueryAlone(options), ...askingOf(queries, options.queryKey) };
}

/** The library's own, with what it takes to ask anew: for every page that is shown. */
export function useInfiniteQuery<
  Told,
  Failure = DefaultError,
  Shown = InfiniteData<Told>,
  Key extends QueryKey = QueryKey,
  Param = unknown,
>(options: UseInfiniteQueryOptions<Told, Failure, Shown, Key, Param>): UseInfiniteQueryResult<Shown, Failure> & Asking {
  const queries = useQueryClient();
  return { ...useInfiniteQueryAlone(options), ...askingOf(queries, options.queryKey) };
}
