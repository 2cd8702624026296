import { markUntrusted } from '../untrusted.ts';
import { defineTool, reads } from './tool.ts';

/** The tool that tells where the wallet is. */
export const getAddress = defineTool({
  name: 'get_address',
  description: 'Address of the wallet, where it can be sent funds, with its chain, network and encoding.',
  annotations: reads('Address'),
  input: {},
  call: async (_input, { session, signal }) =>
    markUntrusted(await session.call((client) => client.getAddress({ signal }))),
});
