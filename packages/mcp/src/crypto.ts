import { createRequire } from 'node:module';

type Crypto = typeof import('node:crypto');

const load = createRequire(import.meta.url);

/**
 * Node's cryptography, loaded when it is first asked for: importing it, with all that it exports, takes a tenth of the start of
 * the server, and only payments and renewals need it.
 */
export const crypto = (): Crypto => load('node:crypto');
