export { removeStaleTemporaries, syncDirectory, writeFileAtomically } from './atomic-write.ts';
export { ensurePrivateDirectories, ensurePrivateDirectory } from './create.ts';
export { DataDirError } from './data-dir-error.ts';
export {
  anchorFilePath,
  DATA_DIRECTORIES,
  type DataPaths,
  databasePath,
  dataPaths,
  logFilePath,
  pidFilePath,
} from './layout.ts';
export { type LocateOptions, locateDataDir } from './locate.ts';
export { isLooseUmask, restrictUmask } from './umask.ts';
export { verifyDataDir } from './verify.ts';
