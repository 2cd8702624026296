/** For queues over tables of a test's own, where there is no audit log. */
export const NO_AUDIT = { begin: () => undefined, end: () => () => undefined };
/** The same, where the schema is the test's as well. */
export const NO_SCHEMA = { begin: () => undefined };
/** The same, where there are no agents either. */
export const NO_HEADS = { ...NO_AUDIT, openUnit: () => undefined, closeUnit: () => undefined };
