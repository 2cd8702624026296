import { base } from './0001-base.ts';
import type { Migration } from './migration.ts';

/** All steps of the schema, oldest first. */
export const MIGRATIONS: readonly Migration[] = [base];
