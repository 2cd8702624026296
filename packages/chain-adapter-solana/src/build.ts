import { ChainError, type TransferRequest, type UnsignedTransaction } from '@waiaas/core';
import { TWIN_ROOM } from './compute-limit.ts';
import { unitPriceWithin } from './fee.ts';
import { checkFunds, checkReceivable, checkRecipient } from './funds-check.ts';
import type { NodeView } from './node-view.ts';
import { compilePayment } from './payment-message.ts';
import { type PaymentQuote, quotePayment } from './quote.ts';
import { checkRequest, type RequestRules } from './request-check.ts';
import { checkTokenFunds, type FoundRoute } from './token-route.ts';
import type { TwinRegister } from './twins.ts';

/** A wallet has no data. */
const WALLET_BYTES = 0n;

/** What a build needs beside the request. */
export interface BuildContext {
  readonly view: NodeView;
  readonly twins: TwinRegister;
  readonly maxPriorityFee: bigint;
  readonly rules: RequestRules;
}

/** What the build records of a token payment, for the check before signing and for people. */
const tokenMetadata = ({ route, rent }: FoundRoute, symbol: string) => ({
  type: 'SPL_TOKEN_TRANSFER',
  mintAddress: route.mint,
  tokenSymbol: symbol,
  tokenDecimals: route.decimals,
  tokenProgramId: route.program,
  sourceAccount: route.source,
  destinationAccount: route.destination,
  /** Lamports; 0 when the recipient's account exists. */
  accountRent: rent,
});

/** What the build records of what is done. */
function kindOf({ found, emptied }: PaymentQuote, symbol: string): UnsignedTransaction['metadata'] {
  if (found !== undefined) return tokenMetadata(found, symbol);
  if (emptied === undefined) return { type: 'SOL_TRANSFER' };
  return { type: 'SPL_TOKEN_ACCOUNT_CLOSE', sourceAccount: emptied.account, tokenProgramId: emptied.program };
}

/**
 * Builds a payment (02 §8, §13): checks the request, the money and the rent, and compiles the message. Equal payments get
 * different compute-unit limits, so that all of them land.
 * @throws ChainError INVALID_ADDRESS, INVALID_MEMO, INVALID_TOKEN, UNSUPPORTED_TOKEN, TOKEN_ACCOUNT_FROZEN,
 * INSUFFICIENT_BALANCE, INSUFFICIENT_TOKEN_BALANCE, BUILD_FAILED, RPC_ERROR, NETWORK_ERROR.
 */
export async function buildPayment(context: BuildContext, asked: TransferRequest): Promise<UnsignedTransaction> {
  const { view, twins, maxPriorityFee, rules } = context;
  const request = checkRequest(asked, rules);
  const { from, to, amount, memo, token } = request;
  const [blockhash, rent, sender, recipient, quote] = await Promise.all([
    view.blockhash.get(),
    view.rent(WALLET_BYTES),
    view.account(from),
    view.account(to),
    quotePayment(view, request, maxPriorityFee),
  ]);
  const { found, emptied } = quote;
  checkRecipient(recipient);
  if (found !== undefined) checkTokenFunds(found, amount);
  const native = token === undefined;
  const returned = emptied?.closes === true ? emptied.lamports : 0n;
  const funds = { sender, amount: native ? amount : 0n, fee: quote.fee, rent, returned };
  checkFunds(funds);
  if (native) checkReceivable(recipient, funds);

  const account = asked.emptied?.account ?? null;
  const payment = JSON.stringify([from, to, amount.toString(), memo ?? null, token?.address ?? null, account]);
  const unitLimit = twins.claim(blockhash, payment, quote.unitLimit);
  if (unitLimit > quote.unitLimit + TWIN_ROOM) {
    throw new ChainError({
      code: 'BUILD_FAILED',
      chain: 'solana',
      message: 'Too many equal payments at once',
      retryable: true,
      mayHaveLanded: false,
    });
  }
  const unitPrice = unitPriceWithin(quote.budget, unitLimit);
  return {
    chain: 'solana',
    serialized: compilePayment({ ...quote.content, blockhash, unitLimit, unitPrice }),
    estimatedFee: quote.fee,
    ...(found === undefined || found.rent === 0n ? {} : { accountRent: found.rent }),
    expiresAt: blockhash.expiresAt,
    lastValidBlockHeight: blockhash.lastValidBlockHeight,
    request: { ...asked },
    metadata: {
      ...kindOf(quote, token?.symbol ?? ''),
      version: 0,
      from,
      to,
      amount: amount.toString(),
      blockhash: blockhash.blockhash,
      lastValidBlockHeight: blockhash.lastValidBlockHeight,
      computeUnitLimit: unitLimit,
      computeUnitPrice: unitPrice,
    },
  };
}
