import type { TransferRequest, UnsignedTransaction } from '@waiaas/core';
import { readAccount } from './account.ts';
import type { AdapterContext } from './adapter-context.ts';
import { type Call, callOf } from './call-of.ts';
import type { ChainView } from './chain-view.ts';
import { checkFunds, checkTokenFunds } from './funds-check.ts';
import { encodePayment, type PaymentFields } from './payment-bytes.ts';
import { quoteFee } from './quote.ts';
import { type CheckedRequest, checkRequest } from './request-check.ts';
import { readTokenBalance } from './token-registry.ts';

/**
 * Builds a payment: checks the request, the token and the money, chooses gas and fees (02 §19.2).
 *
 * The nonce in it is the one that is free now; the one that is signed is chosen when it is signed, so that a payment that
 * ends before leaves no gap. The last digits of the tip tell equal payments apart.
 * @throws ChainError INVALID_ADDRESS, INVALID_MEMO, INVALID_TOKEN, UNSUPPORTED_TOKEN, INSUFFICIENT_BALANCE,
 * INSUFFICIENT_TOKEN_BALANCE, BUILD_FAILED, RPC_ERROR, NETWORK_ERROR.
 */
export async function buildPayment(
  context: AdapterContext,
  view: ChainView,
  asked: TransferRequest,
): Promise<UnsignedTransaction> {
  const { refuse, parameters, chain } = context.settings;
  const { pool } = view;
  const request = checkRequest(refuse, asked);
  const { from, amount, token } = request;
  const recorded = await context.settings.pending.of(from);
  const [account, quote, tokenBalance] = await Promise.all([
    readAccount(context, pool, from, recorded),
    quoteFee(view, parameters, refuse, request),
    token === undefined ? null : pool.run((node) => readTokenBalance(refuse, node, token.address, from)),
    token === undefined ? null : checkToken(view, refuse, token),
  ]);
  const call = callOf(request);
  if (token !== undefined && tokenBalance !== null) {
    checkTokenFunds(refuse, account, { token: token.address, balance: tokenBalance, amount });
  }
  checkFunds(refuse, account, { value: call.value, fee: quote.fee });

  const maxPriorityFeePerGas = quote.maxPriorityFeePerGas + context.twins.next();
  const { gas, maxFeePerGas } = quote;
  const { chainId } = parameters;
  const nonce = account.nextNonce;
  return {
    chain,
    serialized: encodePayment({ ...call, chainId, nonce, gas, maxFeePerGas, maxPriorityFeePerGas }),
    estimatedFee: quote.fee,
    request: { ...asked },
    metadata: describe(request, { chainId, nonce, gas, maxFeePerGas, maxPriorityFeePerGas }),
  };
}

/** What is recorded of a build (02 §3); signing checks the bytes against it. */
export const describe = (
  { from, to, amount, token }: CheckedRequest,
  { nonce, chainId, gas, maxFeePerGas, maxPriorityFeePerGas }: Omit<PaymentFields, keyof Call>,
): UnsignedTransaction['metadata'] => ({
  type: token === undefined ? 'NATIVE_TRANSFER' : 'ERC20_TOKEN_TRANSFER',
  from,
  to,
  amount: amount.toString(),
  nonce,
  chainId,
  gasLimit: gas,
  maxFeePerGas,
  maxPriorityFeePerGas,
  ...(token === undefined
    ? {}
    : { contractAddress: token.address, tokenSymbol: token.symbol, tokenDecimals: token.decimals }),
});

/**
 * Decimals come from the chain, not from whoever asks: a payment counted in other digits is another payment.
 * @throws ChainError INVALID_TOKEN, UNSUPPORTED_TOKEN
 */
async function checkToken(
  { tokens }: ChainView,
  refuse: AdapterContext['settings']['refuse'],
  { address, decimals }: NonNullable<CheckedRequest['token']>,
): Promise<void> {
  const told = await tokens.get(address);
  if (told.decimals === decimals) return;
  throw refuse('INVALID_TOKEN', `The token has ${told.decimals} decimals, not ${decimals}`, {
    details: { token: address, expected: told.decimals, actual: decimals },
  });
}
