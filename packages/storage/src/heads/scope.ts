/** Scope of what holds for all agents; every other scope is the id of an agent. */
export const GLOBAL_SCOPE = 'global';
