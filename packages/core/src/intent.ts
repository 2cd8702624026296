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

/** A field that has to be a text. @throws TypeError */
export const textField = (value: unknown): string => {
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

const FIELDS: Readonly<Record<Intent['version'], readonly string[]>> = {
  1: FIELDS_OF_1,
  2: [...FIELDS_OF_1, 'token'],
};

function versionOf(value: unknown): Intent['version'] {
  if (value === 1 || value === 2) return value;
  throw new TypeError('An intent of this version cannot be read');
}

/**
 * Reads a canonical encoding back. Only exactly what `encodeIntent` writes is accepted: of two different texts, at most
 * one decodes to a given intent.
 * @throws TypeError when the text is anything else. The cause tells more.
 */
export const decodeIntent = (encoded: string): Intent => readCanonical(encoded, readIntent, encodeIntent);

/**
 * Reads a text that is the one canonical encoding of what it says.
 * @throws TypeError when it is anything else
 */
export function readCanonical<T>(
  encoded: string,
  read: (fields: Readonly<Record<string, unknown>>) => T,
  encode: (value: T) => string,
): T {
  try {
    const value = read(object(JSON.parse(encoded)));
    if (encode(value) !== encoded) throw new TypeError('It must be in its canonical encoding');
    return value;
  } catch (cause) {
    throw new TypeError('The text is not the canonical encoding of an intent', { cause });
  }
}

const object = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('It must be an object');
  return { ...value };
};

/** @throws TypeError when an object has not exactly these fields */
export function exactFields(fields: Readonly<Record<string, unknown>>, expected: readonly string[]): void {
  const wanted = [...expected].sort();
  const present = Object.keys(fields).sort();
  if (present.length !== wanted.length || present.some((name, index) => name !== wanted[index])) {
    throw new TypeError('It has unknown or missing fields');
  }
}

/** The token of an intent; null for the native asset. @throws TypeError */
export function readToken(value: unknown): TokenInfo | null {
  if (value === null) return null;
  const fields = object(value);
  exactFields(fields, ['address', 'decimals', 'symbol']);
  const { decimals } = fields;
  if (typeof decimals !== 'number' || decimals < 0 || decimals > TOKEN_DECIMALS_MAX) {
    throw new TypeError('A token must have a number of decimals that can be shown');
  }
  const symbol = textField(fields.symbol);
  if (!isSymbol(symbol)) throw new TypeError('A token must have a symbol that can be shown');
  return { address: textField(fields.address), decimals, symbol };
}

/** A payment of the native asset names no token; one of a token names that very token. */
function assertConsistent({ chain, type, asset, token }: Intent): void {
  const named = token === null ? nativeAssetId(chain) : tokenAssetId(chain, token.address);
  if (asset !== named || (type === 'TOKEN_TRANSFER') !== (token !== null)) {
    throw new TypeError('Type, asset and token of an intent must agree');
  }
}

function readIntent(fields: Readonly<Record<string, unknown>>): Intent {
  const version = versionOf(fields.version);
  exactFields(fields, FIELDS[version]);
  if (typeof fields.createdAt !== 'number') throw new TypeError('An intent needs the time of its creation');
  const intent: Intent = {
    version,
    transactionId: transactionId(textField(fields.transactionId)),
    agentId: agentId(textField(fields.agentId)),
    sessionId: sessionId(textField(fields.sessionId)),
    chain: chainSchema.parse(fields.chain),
    network: networkSchema.parse(fields.network),
    type: transactionTypeSchema.parse(fields.type),
    asset: assetId(textField(fields.asset)),
    token: version === 1 ? null : readToken(fields.token),
    from: textField(fields.from),
    to: textField(fields.to),
    amount: parseBaseUnits(textField(fields.amount)),
    memo: fields.memo === null ? null : textField(fields.memo),
    priority: feePrioritySchema.parse(fields.priority),
    createdAt: fields.createdAt,
  };
  assertConsistent(intent);
  return intent;
}
