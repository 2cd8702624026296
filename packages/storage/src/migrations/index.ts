import { base } from './0001-base.ts';
import { ownerAndRenewal } from './0002-owner-and-renewal.ts';
import { decisions } from './0003-decisions.ts';
import { notificationOutbox } from './0004-notification-outbox.ts';
import { tokenTransfers } from './0005-token-transfers.ts';
import { auditChain } from './0006-audit-chain.ts';
import { sessionSets } from './0007-session-sets.ts';
import { sealedStates } from './0008-sealed-states.ts';
import { evmChains } from './0009-evm-chains.ts';
import { recalls } from './0010-recalls.ts';
import { accountRents } from './0011-account-rents.ts';
import { heads } from './0012-heads.ts';
import { claimDecisions } from './0013-claim-decisions.ts';
import { autoStop } from './0014-auto-stop.ts';
import { standings } from './0015-standings.ts';
import { variants } from './0016-variants.ts';
import { balanceSamples } from './0017-balance-samples.ts';
import { spendRuns } from './0018-spend-runs.ts';
import { deadLetters } from './0019-dead-letters.ts';
import { cheaperWrites } from './0020-cheaper-writes.ts';
import type { Migration } from './migration.ts';

/** All steps of the schema, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  base,
  ownerAndRenewal,
  decisions,
  notificationOutbox,
  tokenTransfers,
  auditChain,
  sessionSets,
  sealedStates,
  evmChains,
  recalls,
  accountRents,
  heads,
  claimDecisions,
  autoStop,
  standings,
  variants,
  balanceSamples,
  spendRuns,
  deadLetters,
  cheaperWrites,
];
