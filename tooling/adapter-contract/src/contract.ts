import { addresses } from './cases/addresses.ts';
import { building } from './cases/building.ts';
import { connection } from './cases/connection.ts';
import { outages } from './cases/outages.ts';
import { replacing } from './cases/replacing.ts';
import { settling } from './cases/settling.ts';
import { signing } from './cases/signing.ts';
import { sweeping } from './cases/sweeping.ts';
import { tokenPayments } from './cases/token-payments.ts';
import { tokenReading } from './cases/token-reading.ts';
import type { ContractSection } from './contract-case.ts';
import type { ReplacementWorld, SweepWorld, TokenWorld } from './world.ts';

/** All promises of an adapter (02 §3). */
export const ADAPTER_CONTRACT: readonly ContractSection[] = [
  connection,
  addresses,
  building,
  signing,
  settling,
  outages,
];

/** All promises of an adapter that carries tokens, on top of those of every adapter (02 §13, §19.2). */
export const TOKEN_CONTRACT: readonly ContractSection<TokenWorld>[] = [tokenReading, tokenPayments];

/** All promises of an adapter that can empty a wallet, on top of those (08 §2.5.4). */
export const SWEEP_CONTRACT: readonly ContractSection<SweepWorld>[] = [sweeping];

/** All promises of an adapter whose transactions can take one another's place, on top of those of every adapter (02 §22). */
export const REPLACEMENT_CONTRACT: readonly ContractSection<ReplacementWorld>[] = [replacing];
