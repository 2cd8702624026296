/**
 * Makes everything this process creates private. SQLite and others create files with their own modes, so the umask is
 * the only thing that covers the moment between creation and chmod (01 §1.2).
 * @returns the umask there was before
 */
export const restrictUmask = (): number => process.umask(0o077);

/** Whether a umask lets others read what is created. */
export const isLooseUmask = (umask: number): boolean => (umask & 0o077) !== 0o077;
