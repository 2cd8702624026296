export { guardInit } from './guard.ts';
export { type InitOptions, type InitResult, initDataDir } from './init-data-dir.ts';
export { InitError } from './init-error.ts';
export { commitStage, createStage, discardStages, finishReadyStages, hasReadyStage } from './stage.ts';
