export { type ConfirmNormalDependencies, confirmNormal } from './confirm-normal.ts';
export {
  type AutomaticOrigin,
  createKillSwitch,
  type KillSwitch,
  type KillSwitchDependencies,
  type RecoveryRequest,
  type Timers,
} from './kill-switch.ts';
export { createNormalMarker, type NormalMarker } from './normal-mark.ts';
export { type KillSwitchState, loadKillSwitch } from './state.ts';
export { findRecentRestore, OF_RESTORED_BACKUP, stopAfterRestore } from './stop-after-restore.ts';
