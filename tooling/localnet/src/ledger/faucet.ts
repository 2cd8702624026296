import { generateKeyPairSync, sign } from 'node:crypto';
import {
  AccountRole,
  type Address,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  createTransactionMessage,
  getAddressDecoder,
  getTransactionEncoder,
  type Instruction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  signatureBytes,
} from '@solana/kit';

const SYSTEM_PROGRAM = address('11111111111111111111111111111111');
const COMPUTE_BUDGET_PROGRAM = address('ComputeBudget111111111111111111111111111111');
const SMALLEST_UNIT_LIMIT = 1_000;

/** The account that pays for `requestAirdrop`. */
export interface Faucet {
  readonly address: Address;
  /** Wire bytes of a signed transfer of `lamports` to `recipient`; no two are alike. */
  transfer(recipient: Address, lamports: bigint, blockhash: Blockhash): Uint8Array;
}

/** Makes a faucet with a fresh key. */
export function createFaucet(): Faucet {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const payer = getAddressDecoder().decode(Buffer.from(x, 'base64url'));
  let transfers = 0;
  return {
    address: payer,
    transfer(recipient, lamports, blockhash) {
      transfers += 1;
      const transaction = pipe(
        createTransactionMessage({ version: 0 }),
        (message) => setTransactionMessageFeePayer(payer, message),
        (message) => setTransactionMessageLifetimeUsingBlockhash({ blockhash, lastValidBlockHeight: 0n }, message),
        (message) =>
          appendTransactionMessageInstructions(
            // Two equal airdrops in one block would be one transaction; a differing limit keeps them apart.
            [unitLimit(SMALLEST_UNIT_LIMIT + (transfers % 1_000_000)), transferSol(payer, recipient, lamports)],
            message,
          ),
        compileTransaction,
      );
      const signature = signatureBytes(sign(null, Uint8Array.from(transaction.messageBytes), privateKey));
      return Uint8Array.from(getTransactionEncoder().encode({ ...transaction, signatures: { [payer]: signature } }));
    },
  };
}

function unitLimit(units: number): Instruction {
  const data = Buffer.alloc(5);
  data.writeUInt8(2);
  data.writeUInt32LE(units, 1);
  return { programAddress: COMPUTE_BUDGET_PROGRAM, data };
}

function transferSol(from: Address, to: Address, lamports: bigint): Instruction {
  const data = Buffer.alloc(12);
  data.writeUInt32LE(2);
  data.writeBigUInt64LE(lamports, 4);
  const accounts = [
    { address: from, role: AccountRole.WRITABLE_SIGNER },
    { address: to, role: AccountRole.WRITABLE },
  ];
  return { programAddress: SYSTEM_PROGRAM, accounts, data };
}
