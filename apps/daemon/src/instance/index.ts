export { acquireLock, type DataDirLock } from './lock.ts';
export { createPidFile, parsePid, readPidFile, removePidFile } from './pid-file.ts';
export { isAlive, processStamp } from './process-identity.ts';
export { readRunRecord, removeRunRecord, writeRunRecord } from './run-record.ts';
export { type DaemonState, findDaemon, type InstanceFiles, removeStaleFiles } from './running-daemon.ts';
