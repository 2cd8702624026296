import { restrictUmask } from '../data-dir/index.ts';
import { startDaemon } from '../runtime/start-daemon.ts';
import { runBackgroundChild } from './background-child.ts';

restrictUmask();
process.exit(await runBackgroundChild(startDaemon));
