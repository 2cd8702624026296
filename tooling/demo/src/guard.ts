import { spawn } from 'node:child_process';

/*
 * Runs a command and ends it when the demo is gone, however the demo ended: the channel to it closes with its process,
 * also on SIGKILL.
 */
const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: 'inherit' });
process.on('disconnect', () => child.kill('SIGTERM'));
// Ctrl-C reaches the whole terminal group; the demo decides when to stop.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code) => process.exit(code ?? 1));
