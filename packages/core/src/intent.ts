import { type AssetId, assetId, nativeAssetId, tokenAssetId } from './asset.ts';
import { type BaseUnits, parseBaseUnits } from './base-units.ts';
import { canonicalJson } from './canonical-json.ts';
import type { TokenInfo } from './chain-adapter.ts';
import { type FeePriority, feePrioritySchema, type TransactionType, transactionTypeSchema } from './enums.ts';
import { type AgentId, agentId, type SessionId, sessionId, type TransactionId, transactionId } from './ids.ts';
import { type Chain, chainSchema, type Network, networkSchema } from './network.ts';
import { isSymbol, TOKEN_DECIMALS_MAX } from './token.ts';

/**
 * What an agent asked for and the daemon admitted. The one description of a payment: execution, approval text,
 * idempotency and audit all read it, so that what was decided is what is signed (00 §3, 09 no. 8).
 */
export interface Intent {
  /** 1 is how payments of native assets were written before there were tokens; new ones are written as 2. */
  readonly version: 1 | 2;
  readonly transactionId: TransactionId;
  readonly agentId: AgentId;
  readonly sessionId: SessionId;
  readonly chain: Chain;
  readonly network: Network;
  readonly type: TransactionType;
  readonly asset: AssetId;
  /** The token as the chain described it at admission, with the symbol it is shown with; null for the native asset. */
  readonly token: TokenInfo | null;
  readonly from: string;
  /** The recipient's wallet, never a token account. */
  readonly to: string;
  readonly amount: BaseUnits;
  readonly memo: string | null;
  readonly priority: FeePriority;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** The canonical encoding of an intent: what is hashed and sealed. */
export function encodeIntent(intent: Intent): string {
  const { token, ...fields } = intent;
  if (fields.version === 1) return canonicalJson(fields);
  if (token === null) return canonicalJson({ ...fields, token });
  const { address, decimals, symbol } = token;
  return canonicalJson({ ...fields, token: { address, decimals, symbol } });
}

const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new TypeError('An intent field is not a text');
  return value;
};

const FIELDS_OF_1 = [
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
];

const FIELDS: Readonly<Record<Intent['version'], string>> = {
  1: FIELDS_OF_1.join(),
  2: [...FIELDS_OF_1, 'token'].sort().join(),
};

const TOKEN_FIELDS = ['address', 'decimals', 'symbol'].join();

function versionOf(value: unknown): Intent['version'] {
  if (value === 1 || value === 2) return value;
  throw new TypeError('An intent of this version cannot be read');
}

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

const object = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('It must be an object');
  return { ...value };
};

const keysOf = (fields: Readonly<Record<string, unknown>>): string => Object.keys(fields).sort().join();

function readToken(value: unknown): TokenInfo | null {
  if (value === null) return null;
  const fields = object(value);
  if (keysOf(fields) !== TOKEN_FIELDS) throw new TypeError('A token has unknown or missing fields');
  const { decimals } = fields;
  if (typeof decimals !== 'number' || decimals < 0 || decimals > TOKEN_DECIMALS_MAX) {
    throw new TypeError('A token must have a number of decimals that can be shown');
  }
  const symbol = text(fields.symbol);
  if (!isSymbol(symbol)) throw new TypeError('A token must have a symbol that can be shown');
  return { address: text(fields.address), decimals, symbol };
}

/** A payment of the native asset names no token; one of a token names that very token. */
function assertConsistent({ chain, type, asset, token }: Intent): void {
  const named = token === null ? nativeAssetId(chain) : tokenAssetId(chain, token.address);
  if (asset !== named || (type === 'TOKEN_TRANSFER') !== (token !== null)) {
    throw new TypeError('Type, asset and token of an intent must agree');
  }
}

function readIntent(encoded: string): Intent {
  const fields = object(JSON.parse(encoded));
  const version = versionOf(fields.version);
  if (keysOf(fields) !== FIELDS[version]) throw new TypeError('An intent has unknown or missing fields');
  if (typeof fields.createdAt !== 'number') throw new TypeError('An intent needs the time of its creation');
  const intent: Intent = {
    version,
    transactionId: transactionId(text(fields.transactionId)),
    agentId: agentId(text(fields.agentId)),
    sessionId: sessionId(text(fields.sessionId)),
    chain: chainSchema.parse(fields.chain),
    network: networkSchema.parse(fields.network),
    type: transactionTypeSchema.parse(fields.type),
    asset: assetId(text(fields.asset)),
    token: version === 1 ? null : readToken(fields.token),
    from: text(fields.from),
    to: text(fields.to),
    amount: parseBaseUnits(text(fields.amount)),
    memo: fields.memo === null ? null : text(fields.memo),
    priority: feePrioritySchema.parse(fields.priority),
    createdAt: fields.createdAt,
  };
  assertConsistent(intent);
  if (encodeIntent(intent) !== encoded) throw new TypeError('An intent must be in its canonical encoding');
  return intent;
}
