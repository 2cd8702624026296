import type { Step } from './step.ts';

/** Headers of every answer (06 §1.5). No HSTS: the daemon speaks plain HTTP on loopback. */
export const SECURE_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'x-xss-protection': '0',
  // Answers hold balances, tokens and the like; only the static files of the docs UI say otherwise.
  'cache-control': 'no-store',
} as const;

/** Step 4. */
export const secureHeaders: Step = (_request, reply) => {
  reply.headers(SECURE_HEADERS);
  return undefined;
};
