import type { Config } from './schema.ts';

/**
 * Origins of pages that may use the API: those configured, the two of the port the daemon really listens on, those of further
 * ports that lead to it, and the desktop shell (01 §1.5).
 */
export const corsOrigins = (config: Config, port: number): readonly string[] => [
  ...new Set([
    ...config.security.cors_origins,
    `http://localhost:${port}`,
    `http://127.0.0.1:${port}`,
    ...config.security.extra_hosts.map((host) => `http://${host}`),
    'tauri://localhost',
  ]),
];
