import { type AssetId, assetId, nativeAssetId, tokenAssetId } from './asset.ts';
import { type BaseUnits, parseBaseUnits } from './base-units.ts';
import { canonicalJson } from './canonical-json.ts';
import type { TokenInfo } from './chain-adapter.ts';
import { type AgentId, agentId, type RecallId, recallId, type TransactionId, transactionId } from './ids.ts';
import { exactFields, readCanonical, readToken, textField } from './intent.ts';
import { type Chain, chainSchema, type Network, networkSchema } from './network.ts';

/**
 * One transaction of a recall: what of an agent's wallet goes back to its owner, and where. For execution and audit what
 * an `Intent` is for payments; it has a shape of its own, so that neither can ever be read as the other (08 §2.0).
 */
export interface RecallIntent {
  readonly kind: 'RECALL';
  readonly version: 1;
  readonly transactionId: TransactionId;
  readonly recallId: RecallId;
  readonly agentId: AgentId;
  readonly chain: Chain;
  readonly network: Network;
  readonly asset: AssetId;
  readonly token: TokenInfo | null;
  readonly from: string;
  /** A wallet of the owner's. */
  readonly to: string;
  /** Base units; 0 where an account is only closed. */
  readonly amount: BaseUnits;
  /** Native asset: the network fee that the amount was reckoned with, base units; null otherwise. */
  readonly fee: BaseUnits | null;
  /** Solana: the token account that is emptied; null otherwise. */
  readonly account: string | null;
  /** Whether that account is closed, its rent going back to the agent. */
  readonly close: boolean;
  /** Unix seconds. */
  readonly createdAt: number;
}

/** The canonical encoding of a recall's transaction: what is hashed and sealed. */
export function encodeRecallIntent(intent: RecallIntent): string {
  const { token, ...fields } = intent;
  if (token === null) return canonicalJson({ ...fields, token });
  const { address, decimals, symbol } = token;
  return canonicalJson({ ...fields, token: { address, decimals, symbol } });
}

const FIELDS = [
  'account',
  'agentId',
  'amount',
  'asset',
  'chain',
  'close',
  'createdAt',
  'fee',
  'from',
  'kind',
  'network',
  'recallId',
  'to',
  'token',
  'transactionId',
  'version',
];

/**
 * Reads a canonical encoding back. Only exactly what `encodeRecallIntent` writes is accepted.
 * @throws TypeError when the text is anything else. The cause tells more.
 */
export const decodeRecallIntent = (encoded: string): RecallIntent => readCanonical(encoded, read, encodeRecallIntent);

function read(fields: Readonly<Record<string, unknown>>): RecallIntent {
  exactFields(fields, FIELDS);
  if (fields.kind !== 'RECALL' || fields.version !== 1) throw new TypeError('A recall of this version cannot be read');
  if (typeof fields.createdAt !== 'number') throw new TypeError('A recall needs the time of its creation');
  if (typeof fields.close !== 'boolean') throw new TypeError('A recall must say whether it closes an account');
  const chain = chainSchema.parse(fields.chain);
  const token = readToken(fields.token);
  const asset = assetId(textField(fields.asset));
  const account = fields.account === null ? null : textField(fields.account);
  if (asset !== (token === null ? nativeAssetId(chain) : tokenAssetId(chain, token.address))) {
    throw new TypeError('Asset and token of a recall must agree');
  }
  const fee = fields.fee === null ? null : parseBaseUnits(textField(fields.fee));
  if ((fee === null) !== (token !== null))
    throw new TypeError('The native asset is taken with its fee, and nothing else is');
  if (account === null && fields.close) throw new TypeError('Only a token account can be closed');
  if (account !== null && token === null) throw new TypeError('An account is emptied of a token');
  return {
    kind: 'RECALL',
    version: 1,
    transactionId: transactionId(textField(fields.transactionId)),
    recallId: recallId(textField(fields.recallId)),
    agentId: agentId(textField(fields.agentId)),
    chain,
    network: networkSchema.parse(fields.network),
    asset,
    token,
    from: textField(fields.from),
    to: textField(fields.to),
    amount: parseBaseUnits(textField(fields.amount)),
    fee,
    account,
    close: fields.close,
    createdAt: fields.createdAt,
  };
}
