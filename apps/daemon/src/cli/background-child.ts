import { once } from 'node:events';
import type { StartDaemon } from '../daemon-options.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { runDaemon } from '../lifecycle/index.ts';
import { type Report, startOrderSchema } from './background-messages.ts';
import { failureOf } from './cli-error.ts';

const HEARTBEAT_MS = 1000;

/** Reports to the parent; once it has gone there is nobody to tell, and that is no error. */
const tell = (report: Report): Promise<void> =>
  new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(report, undefined, {}, () => resolve());
  });

/**
 * The life of a background daemon: takes the order from the parent, reports until it is ready, then cuts the connection
 * and goes on alone (01 §5.2).
 */
export async function runBackgroundChild(startDaemon: StartDaemon): Promise<ExitCode> {
  const [message] = await once(process, 'message');
  const order = startOrderSchema.safeParse(message);
  if (!order.success) return EXIT.FAILURE;
  const { dataDir, flags, acceptClock } = order.data;
  let password: string | null = order.data.password;
  const heartbeat = setInterval(() => void tell({ type: 'alive' }), HEARTBEAT_MS);
  try {
    return await runDaemon({
      dataDir,
      env: process.env,
      flags,
      acceptClock,
      async password() {
        const given = password ?? '';
        password = null;
        return given;
      },
      startDaemon,
      onStep: (step, detail, silenceMs) =>
        void tell({
          type: 'progress',
          step,
          ...(detail === undefined ? {} : { detail }),
          ...(silenceMs === undefined ? {} : { silenceMs }),
        }),
      onReady(ready) {
        clearInterval(heartbeat);
        password = null;
        void tell({ type: 'ready', ...ready }).then(() => {
          if (process.connected) process.disconnect();
        });
      },
    });
  } catch (error) {
    const failure = failureOf(error);
    await tell({ type: 'error', failure });
    return failure.exitCode;
  } finally {
    clearInterval(heartbeat);
  }
}
