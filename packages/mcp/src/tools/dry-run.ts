import { markUntrusted } from '../untrusted.ts';
import { paymentInput, paymentRequest } from './payment-input.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that asks what a payment would come to. */
export const dryRun = defineTool({
  name: 'dry_run',
  description:
    'Ask what would be decided about a payment if it were asked for now, without paying. outcome ALLOW comes with the tier: INSTANT and NOTIFY pay at once, DELAY after delaySeconds, APPROVAL once the owner approves. outcome DENY comes with the code and the reason. Amounts are in the smallest unit.',
  annotations: reads('Try a payment'),
  input: paymentInput,
  call: async (payment, { session, signal }) =>
    markUntrusted(await session.call((client) => client.dryRun(paymentRequest(payment), { signal }))),
});
