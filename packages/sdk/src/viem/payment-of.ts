import { notAPayment } from '../not-a-payment.ts';
import { checksumAddress, isEthereumAddress } from '../owner/ethereum-address.ts';

/** A payment as a transaction request asks for it. */
export interface RequestedPayment {
  readonly to: string;
  /** Base units: wei, or those of the token. */
  readonly amount: bigint;
  /** The token's contract; absent for the native asset. */
  readonly tokenMint?: string;
}

/** Whose transaction it must be. */
export interface AgentWalletPlace {
  readonly address: string;
  readonly chainId: number;
}

/** What says how much a transaction may cost; the daemon chooses that. */
const FEES: readonly string[] = ['gas', 'gasLimit', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas'];
/** Legacy, with an access list, with a tip: they differ in how fees are paid. */
const TYPES: readonly unknown[] = ['0x0', '0x1', '0x2'];
/** `transfer(address,uint256)` of ERC-20. */
const TRANSFER = '0xa9059cbb';
const TRANSFER_CALL = /^0xa9059cbb0{24}([0-9a-f]{40})([0-9a-f]{64})$/;

/**
 * Reads the parameter of `eth_sendTransaction` as the payment it is, or refuses it and says what of it is none. The daemon
 * makes a transaction of its own from the payment, so that nothing may be in this one that would be missing there: only
 * fees, which the daemon chooses, are left out.
 *
 * @throws WAIaaSError NOT_A_PAYMENT
 */
export function paymentOf(request: unknown, wallet: AgentWalletPlace): RequestedPayment {
  if (typeof request !== 'object' || request === null) throw notAPayment('there is none');
  const { from, to, value, data, input, chainId, type, accessList, ...rest } = Object.fromEntries(
    Object.entries(request).filter(([name, held]) => held !== undefined && held !== null && !FEES.includes(name)),
  );
  const [more] = Object.keys(rest);
  if (more === 'nonce')
    throw notAPayment('it has a nonce, and the daemon numbers the transactions of its wallets itself');
  if (more !== undefined) throw notAPayment(`it has ${more}`);
  if (type !== undefined && !TYPES.includes(type)) throw notAPayment(`it is of type ${String(type)}`);
  if (accessList !== undefined && !(Array.isArray(accessList) && accessList.length === 0)) {
    throw notAPayment('it has accessList');
  }
  if (!isEthereumAddress(from) || from.toLowerCase() !== wallet.address.toLowerCase()) {
    throw notAPayment(`it takes from ${String(from)}, and the agent's wallet is ${wallet.address}`);
  }
  if (chainId !== undefined && quantity('chainId', chainId) !== BigInt(wallet.chainId)) {
    throw notAPayment(`it is for chain ${String(chainId)}, and the agent's wallet is on chain ${wallet.chainId}`);
  }
  if (to === undefined) throw notAPayment('it creates a contract');
  if (!isEthereumAddress(to)) throw notAPayment('its recipient is no address');
  if (data !== undefined && input !== undefined && data !== input) throw notAPayment('its data and its input differ');
  const call: unknown = data ?? input ?? '0x';
  const amount = value === undefined ? 0n : quantity('value', value);
  if (call !== '0x') return tokenTransfer(to, amount, call);
  if (amount === 0n) throw notAPayment('it transfers nothing');
  return { to, amount };
}

function tokenTransfer(contract: string, value: bigint, call: unknown): RequestedPayment {
  if (typeof call !== 'string' || !/^0x[0-9a-fA-F]*$/.test(call)) throw notAPayment('its data cannot be read');
  const digits = call.toLowerCase();
  if (!digits.startsWith(TRANSFER)) throw notAPayment(`it calls ${digits.slice(0, 10)} of the contract ${contract}`);
  const [, recipient, amount] = TRANSFER_CALL.exec(digits) ?? [];
  if (recipient === undefined || amount === undefined) {
    throw notAPayment('its call of transfer(address,uint256) has other arguments');
  }
  if (value !== 0n) throw notAPayment('it pays in the native asset and calls a token at once');
  const units = BigInt(`0x${amount}`);
  if (units === 0n) throw notAPayment('it transfers nothing');
  return { to: checksumAddress(`0x${recipient}`), amount: units, tokenMint: contract };
}

function quantity(name: string, value: unknown): bigint {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{1,64}$/.test(value)) {
    throw notAPayment(`its ${name} is not a hexadecimal quantity`);
  }
  return BigInt(value);
}
