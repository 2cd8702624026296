export { adoptRows, findForgedRow } from './adopt-rows.ts';
export { type Anchors, anchorLine, lastAnchor, parseAnchors } from './anchor-lines.ts';
export { type AuditAnchor, type AuditCheck, type AuditCheckOptions, createAuditCheck } from './audit-check.ts';
export { type AnchorStore, type AuditTrail, type AuditTrailDependencies, createAuditTrail } from './audit-trail.ts';
export { type ChangeFeed, type ChangeFeedDependencies, createChangeFeed, MOST_LISTENERS } from './change-feed.ts';
export { createHeadTeller, type HeadTeller, type HeadTellerDependencies } from './tell-head.ts';
export { type VerifyOptions, verifyAuditLog } from './verify-audit-log.ts';
