import { type AssetId, assetId } from './asset.ts';
import { type BaseUnits, parseBaseUnits } from './base-units.ts';
import { canonicalJson } from './canonical-json.ts';
import { type FeePriority, feePrioritySchema, type TransactionType, transactionTypeSchema } from './enums.ts';
import { type AgentId, agentId, type SessionId, sessionId, type TransactionId, transactionId } from './ids.ts';
import { type Chain, chainSchema, type Network, networkSchema } from './network.ts';

/**
 * What an agent asked for and the daemon admitted. The one description of a payment: execution, approval text,
 * idempotency and audit all read it, so that what was decided is what is signed (00 §3, 09 no. 8).
 */
export interface Intent {
  readonly version: 1;
  readonly transactionId: TransactionId;
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly chain: Chain;
  readonly network: Network;
  readonly type: TransactionType;
  readonly asset: AssetId;
  readonly from: string;
  readonly to: string;
  readonly amount: BaseUnits;
  readonly memo: string | null;
  readonly priority: FeePriority;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** The canonical encoding of an intent: what is hashed and sealed. */
export const encodeIntent = (intent: Intent): string => canonicalJson({ ...intent });

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError('An intent field is not a text');
  return value;
};

const FIELDS = [
  'agentId',
  'amount',
  'asset',
  'chain',
  'createdAt',
  'from',
  'memo',
  'network',
  'priority',
  'sessionId',
  'to',
  'transactionId',
  'type',
  'version',
].join();

/**
 * Reads a canonical encoding back. Only exactly what `encodeIntent` writes is accepted: of two different texts, at most
 * one decodes to a given intent.
 * @throws TypeError when the text is anything else. The cause tells more.
 */
export function decodeIntent(encoded: string): Intent {
  try {
    return readIntent(encoded);
  } catch (cause) {
    throw new TypeError('The text is not the canonical encoding of an intent', { cause });
  }
}

function readIntent(encoded: string): Intent {
  const raw: unknown = JSON.parse(encoded);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) throw new TypeError('An intent must be an object');
  const fields: Readonly<Record<string, unknown>> = { ...raw };
  if (Object.keys(fields).sort().join() !== FIELDS) throw new TypeError('An intent has unknown or missing fields');
  if (fields.version !== 1) throw new TypeError('An intent of this version cannot be read');
  if (typeof fields.createdAt !== 'number') throw new TypeError('An intent needs the time of its creation');
  const intent: Intent = {
    version: 1,
    transactionId: transactionId(text(fields.transactionId)),
    agentId: agentId(text(fields.agentId)),
    sessionId: sessionId(text(fields.sessionId)),
    chain: chainSchema.parse(fields.chain),
    network: networkSchema.parse(fields.network),
    type: transactionTypeSchema.parse(fields.type),
    asset: assetId(text(fields.asset)),
    from: text(fields.from),
    to: text(fields.to),
    amount: parseBaseUnits(text(fields.amount)),
    memo: fields.memo === null ? null : text(fields.memo),
    priority: feePrioritySchema.parse(fields.priority),
    createdAt: fields.createdAt,
  };
  if (encodeIntent(intent) !== encoded) throw new TypeError('An intent must be in its canonical encoding');
  return intent;
}
