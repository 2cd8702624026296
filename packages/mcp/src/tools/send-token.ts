import { WAIaaSError } from '@waiaas/sdk';
import { type Failure, failureOf, ToolError } from '../answer.ts';
import { paymentKey } from '../payment-key.ts';
import { markUntrusted } from '../untrusted.ts';
import { paymentInput, paymentRequest, referenceInput } from './payment-input.ts';
import { defineTool } from './tool.ts';

const DESCRIPTION = `Pay from the wallet, within the limits of its owner.

The answer has a status. CONFIRMED: paid, txHash is the transaction. SUBMITTED: sent, not yet confirmed; look again with get_transaction. QUEUED: nothing is paid yet; tier DELAY runs by itself at expiresAt, tier APPROVAL waits until then for the owner to approve. Do not send again while it waits.

A payment is made once. The same recipient, token, amount and reference are the same payment, however often and however much later you call: the answer then has "replayed": true, and nothing was paid by that call. So after an error or a time-out it is safe to repeat the call unchanged. To pay the same amount to the same recipient once more on purpose, give a reference that says which payment it is.`;

const ANOTHER = 'If another payment is meant, repeat the call with a reference that says which one it is.';

/** The tool that pays. */
export const sendToken = defineTool({
  name: 'send_token',
  description: DESCRIPTION,
  annotations: {
    title: 'Pay',
    readOnlyHint: false,
    destructiveHint: true,
    // For the same arguments: that is what the key is for.
    idempotentHint: true,
    openWorldHint: true,
  },
  input: { ...paymentInput, reference: referenceInput },
  async call({ reference, ...payment }, { session, signal }) {
    const { to, amount, token_mint: token } = payment;
    const idempotencyKey = paymentKey({ to, amount, token, reference });
    try {
      const answer = await session.call((client) =>
        client.sendToken(paymentRequest(payment), { idempotencyKey, signal }),
      );
      const marked = markUntrusted(answer);
      return answer.replayed === true ? { ...Object(marked), notice: replayNotice(answer.createdAt) } : marked;
    } catch (error) {
      throw error instanceof WAIaaSError ? new ToolError(explained(error)) : error;
    }
  },
});

const replayNotice = (createdAt: string): string =>
  `This payment was asked for before, at ${createdAt}; this call paid nothing more. ${ANOTHER}`;

/** What a failed payment means for the next step, which depends on whether it can still be paid. */
function explained(error: WAIaaSError): Failure {
  const failure = failureOf(error);
  if (error.code === 'IDEMPOTENCY_CONFLICT') {
    return {
      ...failure,
      hint: `A payment of this amount to this recipient was asked for before, with another memo or priority; details.transactionId is its id. This call paid nothing. ${ANOTHER}`,
    };
  }
  if (error.details?.replayed === true) {
    return {
      ...failure,
      hint: 'This is how an earlier request for the same payment ended: nothing was paid, then or now. If the reason is gone and the payment is still wanted, repeat the call with a new reference.',
    };
  }
  if (error.details?.transactionId !== undefined) {
    return {
      ...failure,
      hint: `${failure.hint ?? ''} Nothing was paid, and repeating the call gives the same answer. If the reason is gone later and the payment is still wanted, use a new reference.`.trimStart(),
    };
  }
  const unknown = error.statusCode === 0 || error.statusCode >= 500 || error.code === 'UNKNOWN_ERROR';
  if (!unknown) return failure;
  return {
    ...failure,
    hint: `${failure.hint ?? ''} It is not known whether the payment was made. Repeat the call unchanged: that cannot pay twice. A new reference could.`.trimStart(),
  };
}
