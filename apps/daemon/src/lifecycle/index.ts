export { instanceFiles, requireInitialised } from './prepare.ts';
export { type Ready, type RunDaemonOptions, runDaemon } from './run-daemon.ts';
