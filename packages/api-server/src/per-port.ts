/**
 * A value that depends on the bound port, rebuilt only when the port changes: it is not known before the server listens,
 * and asking is part of every request.
 */
export function perPort<T>(port: () => number, build: (port: number) => T): () => T {
  let builtFor = port();
  let value = build(builtFor);
  return () => {
    const now = port();
    if (now !== builtFor) {
      builtFor = now;
      value = build(now);
    }
    return value;
  };
}
