import { z } from 'zod';
import { isExitCode } from '../exit-codes.ts';

/** The order a background daemon is started with. It carries the password, so that neither argv nor environment do. */
export const startOrderSchema = z.object({
  type: z.literal('start'),
  dataDir: z.string(),
  flags: z.object({ port: z.string().optional(), logLevel: z.string().optional() }),
  acceptClock: z.boolean(),
  password: z.string(),
});
/** The order a background daemon is started with. */
export type StartOrder = z.infer<typeof startOrderSchema>;

/** What a background daemon reports until it is ready. */
export const reportSchema = z.discriminatedUnion('type', [
  /** It lives; sent now and then. */
  z.object({ type: z.literal('alive') }),
  z.object({
    type: z.literal('progress'),
    step: z.string(),
    detail: z.string().optional(),
    /** How long it may be silent from now on, where that is longer than usual. */
    silenceMs: z.int().positive().optional(),
  }),
  z.object({ type: z.literal('ready'), pid: z.int(), hostname: z.string(), port: z.int() }),
  z.object({
    type: z.literal('error'),
    failure: z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
      details: z.unknown().optional(),
      exitCode: z.int().refine(isExitCode),
    }),
  }),
]);
/** What a background daemon reports. */
export type Report = z.infer<typeof reportSchema>;
