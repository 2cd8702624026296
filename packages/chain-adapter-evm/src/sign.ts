import type { SignBytes, SignedTransaction, SignedVariant, UnsignedTransaction } from '@waiaas/core';
import { type Address, bytesToHex, type Hex, isAddressEqual, recoverAddress } from 'viem';
import { type Account, readAccount } from './account.ts';
import type { AdapterContext } from './adapter-context.ts';
import type { ChainView } from './chain-view.ts';
import { displacementFault } from './displace.ts';
import { checkFunds } from './funds-check.ts';
import {
  encodePayment,
  type PaymentFields,
  type PaymentSignature,
  signingDigest,
  transactionHash,
} from './payment-bytes.ts';
import type { Refuse } from './refuse.ts';
import { besides, replacementFault } from './replace.ts';
import { checkRequest } from './request-check.ts';
import { TooBusy, type Turn } from './signing-turns.ts';
import { verifyPayment } from './verify-payment.ts';

const SIGNATURE_BYTES = 65;
/** Half the order of secp256k1: chains take the lower of the two forms of a signature only (EIP-2). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

async function askForSignature(refuse: Refuse, sign: SignBytes, digest: Uint8Array): Promise<Uint8Array> {
  let given: unknown;
  try {
    given = await sign(digest.slice());
  } catch (cause) {
    // Kept as it is: it comes from our own keystore, and the caller may want to know which of its checks refused.
    throw refuse('SIGN_FAILED', 'The keystore did not sign', { cause });
  }
  if (!(given instanceof Uint8Array)) throw refuse('SIGN_FAILED', 'The keystore did not return a signature');
  if (given.length !== SIGNATURE_BYTES) {
    throw refuse('SIGN_FAILED', 'A signature must have 65 bytes', { details: { actualLength: given.length } });
  }
  return Uint8Array.from(given);
}

/** Reads r, s and the recovery bit; null when no chain would take them. */
function readSignature(bytes: Uint8Array): PaymentSignature | null {
  const [r, s] = [bytesToHex(bytes.slice(0, 32)), bytesToHex(bytes.slice(32, 64))];
  const bit = bytes[64];
  if ((bit !== 0 && bit !== 1) || BigInt(r) === 0n || BigInt(s) === 0n || BigInt(s) > HALF_ORDER) return null;
  return { r, s, yParity: bit };
}

const recovers = async (digest: Uint8Array, signature: PaymentSignature, signer: Address): Promise<boolean> => {
  try {
    const hash: Hex = bytesToHex(digest);
    return isAddressEqual(await recoverAddress({ hash, signature }), signer);
  } catch {
    // A signature that no key can have made.
    return false;
  }
};

/**
 * Signs a built transaction. Before: its bytes, read anew, must do exactly what its request says (02 §14). Then the wallet's
 * turn comes, and only now the nonce is chosen: the first that neither the chain nor the record has taken; for what takes the
 * place of other transactions, of the same payment or of one that is stuck, it is theirs. After: the signature must lead back to
 * the sender, so that a wrong key cannot produce a transaction.
 *
 * The turn ends when the network has answered the transaction, when it is discarded, or `signedMs` later; until then other
 * payments of the wallet wait.
 * @throws ChainError SIGN_FAILED with `details.mismatch` naming the part that was not as asked for, with the sign
 * function's own error as cause, or retryable when the wallet has too many payments under way; INSUFFICIENT_BALANCE,
 * EVM_NONCE_TOO_LOW for a place that was taken, CHAIN_NOT_SUPPORTED, RPC_ERROR, NETWORK_ERROR.
 */
export async function signPayment(
  context: AdapterContext,
  { pool }: ChainView,
  transaction: UnsignedTransaction,
  sign: SignBytes,
): Promise<SignedTransaction> {
  const { settings, turns } = context;
  const { refuse, parameters, chain, pending } = settings;
  if (transaction.chain !== chain) {
    throw refuse('CHAIN_NOT_SUPPORTED', `This adapter does not handle transactions of ${transaction.chain}`);
  }
  // On copies: nobody who holds the transaction can change it between check and signature.
  const request = checkRequest(refuse, { ...transaction.request });
  const verified = verifyPayment(Uint8Array.from(transaction.serialized), request, transaction, parameters);
  if (verified.mismatch !== null) {
    throw refuse('SIGN_FAILED', 'The transaction does not do what its request says', {
      details: { mismatch: verified.mismatch },
    });
  }
  const { from } = request;
  const { fields } = verified;
  const fee = transaction.estimatedFee;
  const replaces = transaction.replaces?.map(({ txHash, bytes }) => ({ txHash, bytes: Uint8Array.from(bytes) }));

  const displaces = transaction.displaces?.map(({ txHash, bytes }) => ({ txHash, bytes: Uint8Array.from(bytes) }));
  const hasPlace = replaces !== undefined || displaces !== undefined;

  const turn = await enter(context, from);
  try {
    const recorded = await pending.of(from);
    turns.giveUpLapsed(
      from,
      recorded.map(({ txHash }) => txHash),
    );
    const account = await readAccount(context, pool, from, recorded);
    const nonce = hasPlace ? fields.nonce : account.nextNonce;
    if (replaces !== undefined) await checkReplacement(refuse, { fields, from, replaces, displaces }, account);
    else if (displaces !== undefined) await checkDisplacement(refuse, { fields, from, displaces }, account);
    // What takes the place of something stuck comes before all else; what it leaves to that was looked at when it was built.
    const comesFirst = displaces !== undefined && displaces.length > 0;
    const beside = comesFirst ? { ...account, inFlight: [] } : besides(account, nonce);
    checkFunds(refuse, beside, { value: fields.value, fee });
    const signed = await signFields({ ...fields, nonce }, from, sign, refuse);
    turn.signed(signed.txHash, !hasPlace);
    return { ...signed, nonce, discard: () => turns.giveUp(signed.txHash) };
  } catch (error) {
    turn.leave();
    throw error;
  }
}

/** @throws ChainError EVM_NONCE_TOO_LOW, SIGN_FAILED */
async function checkReplacement(
  refuse: Refuse,
  {
    fields,
    from,
    replaces,
    displaces,
  }: {
    readonly fields: PaymentFields;
    readonly from: Address;
    readonly replaces: readonly SignedVariant[];
    readonly displaces: readonly SignedVariant[] | undefined;
  },
  account: Account,
): Promise<void> {
  if (account.executed > fields.nonce) throw refuse('EVM_NONCE_TOO_LOW', 'The nonce has been used');
  const fault = await replacementFault(
    fields,
    from,
    { replaces, ...(displaces === undefined ? {} : { displaces }) },
    account,
  );
  if (fault === null) return;
  throw refuse('SIGN_FAILED', 'The transaction cannot take the place of what was signed', {
    details: { mismatch: fault },
  });
}

/** @throws ChainError EVM_NONCE_TOO_LOW, SIGN_FAILED */
async function checkDisplacement(
  refuse: Refuse,
  {
    fields,
    from,
    displaces,
  }: { readonly fields: PaymentFields; readonly from: Address; readonly displaces: readonly SignedVariant[] },
  account: Account,
): Promise<void> {
  if (account.executed > fields.nonce)
    throw refuse('EVM_NONCE_TOO_LOW', 'The nonce has been used', { retryable: true });
  const fault = await displacementFault(fields, from, displaces, account);
  if (fault === null) return;
  throw refuse('SIGN_FAILED', 'The transaction cannot take the place of what is stuck', {
    details: { mismatch: fault },
  });
}

async function enter({ turns, settings }: AdapterContext, from: Address): Promise<Turn> {
  try {
    return await turns.enter(from);
  } catch (error) {
    if (!(error instanceof TooBusy)) throw error;
    throw settings.refuse('SIGN_FAILED', error.message, { retryable: true });
  }
}

async function signFields(
  fields: PaymentFields,
  from: Address,
  sign: SignBytes,
  refuse: Refuse,
): Promise<SignedTransaction> {
  const digest = signingDigest(fields);
  const signature = readSignature(await askForSignature(refuse, sign, digest));
  if (signature === null || !(await recovers(digest, signature, from))) {
    throw refuse('SIGN_FAILED', 'The signature is not one of the sender');
  }
  const bytes = encodePayment(fields, signature);
  return { bytes, txHash: transactionHash(bytes) };
}
