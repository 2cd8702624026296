export { type AutoStop, type AutoStopDependencies, createAutoStop } from './auto-stop.ts';
export { sealEarlierAutoStop } from './earlier-rules.ts';
export type { DailyUse } from './evaluate.ts';
export {
  type AutoStopRules,
  type AutoStopRulesDependencies,
  createAutoStopRules,
  seedAutoStopRules,
} from './manage-rules.ts';
