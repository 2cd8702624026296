import { markUntrusted } from '../untrusted.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that reads the balance. */
export const getBalance = defineTool({
  name: 'get_balance',
  description:
    'Balance of the wallet: balance in the smallest unit as a decimal string, decimals and symbol of the unit, and formatted, the same for people. How much of it may be spent is told by get_budget.',
  annotations: reads('Balance'),
  input: {},
  call: async (_input, { session, signal }) =>
    markUntrusted(await session.call((client) => client.getBalance({ signal }))),
});
