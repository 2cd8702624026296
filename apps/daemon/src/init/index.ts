export { type InitOptions, type InitResult, initDataDir } from './init-data-dir.ts';
export { InitError } from './init-error.ts';
export { finishReadyStages, hasReadyStage } from './stage.ts';
