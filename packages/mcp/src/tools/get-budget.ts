import { markUntrusted } from '../untrusted.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that tells what may still be spent. */
export const getBudget = defineTool({
  name: 'get_budget',
  description:
    'What may still be spent: limits of the session, caps of the policies with what is used and left of them, the amounts from which a payment is delayed or needs the owner, and maxPayment, the most that one payment may be now. Amounts are in the smallest unit; null is no limit. Look here before paying.',
  annotations: reads('Budget'),
  input: {},
  call: async (_input, { session, signal }) =>
    markUntrusted(await session.call((client) => client.getBudget({ signal }))),
});
