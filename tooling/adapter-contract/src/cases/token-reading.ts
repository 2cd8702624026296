import { strict as assert } from 'node:assert';
import type { ContractSection } from '../contract-case.ts';
import { fails } from '../fails.ts';
import { fundedWallet, nativeBalance } from '../payment.ts';
import type { TokenWorld } from '../world.ts';

const PRINTABLE = /^[\x21-\x7e]{1,10}$/;

export const tokenReading: ContractSection<TokenWorld> = {
  about: 'reading tokens',
  cases: [
    {
      promise: 'reads what a token is from the chain, and refuses what is none',
      async run({ tokens: { reader, kinds, noTokens } }) {
        for (const { info } of kinds) {
          assert.deepEqual(await reader.getToken(info.address), info);
          assert.match(info.symbol, PRINTABLE);
        }
        for (const address of noTokens) {
          await fails(reader.getToken(address), { code: 'INVALID_TOKEN', retryable: false, mayHaveLanded: false });
        }
      },
    },
    {
      promise: 'refuses to read a token at what is no address',
      async run({ notAddresses, tokens: { reader, kinds } }) {
        for (const bad of notAddresses) {
          await fails(reader.getToken(bad), { code: ['INVALID_TOKEN', 'INVALID_ADDRESS'], retryable: false });
          await fails(reader.getTokenBalance(bad, kinds[0].info), { code: 'INVALID_ADDRESS', retryable: false });
          await fails(reader.listAssets(bad), { code: 'INVALID_ADDRESS', retryable: false });
        }
      },
    },
    {
      promise: 'tells 0 of a token for an address that never held it, and otherwise every base unit',
      async run({ createWallet, tokens: { reader, kinds } }) {
        for (const { info, mint } of kinds) {
          const { address } = await createWallet();
          assert.equal(await reader.getTokenBalance(address, info), 0n);
          await mint(address, 7n);
          assert.equal(await reader.getTokenBalance(address, info), 7n);
        }
      },
    },
    {
      promise: 'lists what an address holds, the native asset first',
      async run(world) {
        const { reader, kinds } = world.tokens;
        const wallet = await fundedWallet(world);
        for (const [place, { mint }] of kinds.entries()) await mint(wallet.address, BigInt(place) + 5n);
        const known = kinds.map(({ info }) => info.address);
        const [native, ...tokens] = await reader.listAssets(wallet.address, known);
        assert.equal(native?.token, undefined);
        assert.equal(native?.balance, await nativeBalance(world, wallet.address));
        for (const [place, { info }] of kinds.entries()) {
          const found = tokens.filter(({ token }) => token?.address === info.address);
          const { decimals, symbol } = info;
          assert.deepEqual(found, [{ token: info, balance: BigInt(place) + 5n, decimals, symbol }]);
        }
      },
    },
    {
      promise: 'lists nothing but the native asset for an address the chain has never seen',
      async run({ createWallet, tokens: { reader, kinds } }) {
        const { address } = await createWallet();
        const known = kinds.map(({ info }) => info.address);
        const listed = await reader.listAssets(address, known);
        assert.deepEqual(
          listed.map(({ token, balance }) => [token, balance]),
          [[undefined, 0n]],
        );
      },
    },
  ],
};
