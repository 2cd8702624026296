import {
  AccountRole,
  type AccountSignerMeta,
  type Address,
  address,
  appendTransactionMessageInstructions,
  createSolanaRpc,
  createTransactionMessage,
  generateKeyPairSigner,
  getAddressEncoder,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  type Instruction,
  type KeyPairSigner,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { getCreateAccountInstruction } from '@solana-program/system';
import {
  AuthorityType,
  findAssociatedTokenPda,
  getCreateAssociatedTokenIdempotentInstruction,
  getFreezeAccountInstruction,
  getInitializeAccount3Instruction,
  getInitializeMint2Instruction,
  getMintToInstruction,
  getSetAuthorityInstruction,
} from '@solana-program/token';
import type { TokenInfo } from '@waiaas/core';
import type { Localnet } from '@waiaas/localnet';
import { SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, type TokenProgram } from '../src/programs.ts';
import { shortened } from '../src/token-symbol.ts';

export { TOKEN_2022_PROGRAM, TOKEN_PROGRAM };

/** An extension of a Token-2022 mint: its bytes in the account, and the instruction that sets it up. */
export interface MintExtension {
  readonly name: string;
  /** Length of its value in the mint. */
  readonly bytes: number;
  /** Data of the instruction that comes before the mint is initialised; accounts: the mint alone. */
  readonly data: (authority: Address, mint: Address) => readonly number[];
}

const key = (of: Address): readonly number[] => [...getAddressEncoder().encode(of)];
const u64 = (value: bigint): readonly number[] => [...new Uint8Array(new BigUint64Array([value]).buffer)];

/** Extensions as their own program sets them up (02 §13). */
export const EXTENSIONS = {
  transferFee: {
    name: 'TransferFeeConfig',
    bytes: 108,
    data: (authority) => [26, 0, 1, ...key(authority), 1, ...key(authority), 100, 0, ...u64(5_000n)],
  },
  closeAuthority: { name: 'MintCloseAuthority', bytes: 32, data: (authority) => [25, 1, ...key(authority)] },
  confidential: {
    name: 'ConfidentialTransferMint',
    bytes: 65,
    data: (authority) => [27, 0, ...key(authority), 1, ...Array.from({ length: 32 }, () => 0)],
  },
  defaultFrozen: { name: 'DefaultAccountState', bytes: 1, data: () => [28, 0, 2] },
  nonTransferable: { name: 'NonTransferable', bytes: 0, data: () => [32] },
  interest: { name: 'InterestBearingConfig', bytes: 52, data: (authority) => [33, 0, ...key(authority), 5, 0] },
  permanentDelegate: { name: 'PermanentDelegate', bytes: 32, data: (authority) => [35, ...key(authority)] },
  transferHook: {
    name: 'TransferHook',
    bytes: 64,
    data: (authority) => [36, 0, ...key(authority), ...key(TOKEN_PROGRAM)],
  },
  metadataPointer: {
    name: 'MetadataPointer',
    bytes: 64,
    data: (authority, mint) => [39, 0, ...key(authority), ...key(mint)],
  },
  groupPointer: { name: 'GroupPointer', bytes: 64, data: (authority) => [40, 0, ...key(authority), ...key(authority)] },
  scaledUi: {
    name: 'ScaledUiAmount',
    bytes: 56,
    data: (authority) => [43, 0, ...key(authority), ...new Uint8Array(new Float64Array([2]).buffer)],
  },
  pausable: { name: 'Pausable', bytes: 33, data: (authority) => [44, 0, ...key(authority)] },
} satisfies Readonly<Record<string, MintExtension>>;

/** What a mint is made of. */
export interface MintOptions {
  readonly program?: TokenProgram;
  readonly decimals?: number;
  readonly extensions?: readonly MintExtension[];
}

/** A token of the test's own, and the power over it. */
export interface TestToken {
  readonly info: TokenInfo;
  readonly program: TokenProgram;
  /** The account of a wallet for it. */
  accountOf(owner: Address): Promise<Address>;
  /** Gives a wallet this much, creating its account where needed. */
  mint(owner: string, amount: bigint): Promise<void>;
  /** Gives a wallet this much in a further account that is not the associated one. */
  mintAside(owner: Address, amount: bigint): Promise<Address>;
  freeze(account: Address): Promise<void>;
}

/** Issues tokens on a ledger. */
export interface Treasury {
  readonly payer: KeyPairSigner;
  /** Runs instructions; throws when they fail. Afterwards, what they did is confirmed. */
  run(instructions: readonly Instruction[]): Promise<void>;
  createToken(options?: MintOptions): Promise<TestToken>;
}

const BASE_MINT_BYTES = 82;
const EXTENSIONS_AT = 166;

export async function openTreasury(localnet: Localnet): Promise<Treasury> {
  const rpc = createSolanaRpc(localnet.rpcUrl);
  const payer = await generateKeyPairSigner();
  localnet.airdrop(payer.address, 1_000_000_000_000n);

  const run = async (instructions: readonly Instruction[]): Promise<void> => {
    const { value: latest } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
    const transaction = await pipe(
      createTransactionMessage({ version: 0 }),
      (message) => setTransactionMessageFeePayerSigner(payer, message),
      (message) => setTransactionMessageLifetimeUsingBlockhash(latest, message),
      (message) => appendTransactionMessageInstructions([...instructions], message),
      (message) => signTransactionMessageWithSigners(message),
    );
    const signature = getSignatureFromTransaction(transaction);
    const wire = getBase64EncodedWireTransaction(transaction);
    await rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true }).send();
    localnet.advanceSlots(1);
    const landed = localnet.report().landed.find((found) => found.signature === signature);
    if (landed?.err !== null) throw new Error(`set-up failed: ${JSON.stringify(landed?.err ?? 'not landed')}`);
  };

  const rentOf = async (bytes: bigint): Promise<bigint> => await rpc.getMinimumBalanceForRentExemption(bytes).send();

  return {
    payer,
    run,
    async createToken({ program = TOKEN_PROGRAM, decimals = 6, extensions = [] } = {}) {
      const mint = await generateKeyPairSigner();
      const space = BigInt(
        extensions.length === 0
          ? BASE_MINT_BYTES
          : extensions.reduce((bytes, extension) => bytes + 4 + extension.bytes, EXTENSIONS_AT),
      );
      const programConfig = { programAddress: program };
      await run([
        getCreateAccountInstruction({
          payer,
          newAccount: mint,
          space,
          lamports: await rentOf(space),
          programAddress: program,
        }),
        ...extensions.map(
          ({ data }): Instruction => ({
            programAddress: program,
            accounts: [{ address: mint.address, role: AccountRole.WRITABLE }],
            data: Uint8Array.from(data(payer.address, mint.address)),
          }),
        ),
        getInitializeMint2Instruction(
          { mint: mint.address, decimals, mintAuthority: payer.address, freezeAuthority: payer.address },
          programConfig,
        ),
      ]);
      const accountOf = async (owner: Address): Promise<Address> =>
        (await findAssociatedTokenPda({ mint: mint.address, owner, tokenProgram: program }))[0];
      const mintTo = (token: Address, amount: bigint): Instruction =>
        getMintToInstruction({ mint: mint.address, token, mintAuthority: payer, amount }, programConfig);
      return {
        info: { address: mint.address, decimals, symbol: shortened(mint.address) },
        program,
        accountOf,
        async mint(to, amount) {
          const owner = address(to);
          const ata = await accountOf(owner);
          const creation = { payer, ata, owner, mint: mint.address, tokenProgram: program };
          await run([getCreateAssociatedTokenIdempotentInstruction(creation), mintTo(ata, amount)]);
        },
        async mintAside(owner, amount) {
          const account = await generateKeyPairSigner();
          const bytes = 165n;
          await run([
            getCreateAccountInstruction({
              payer,
              newAccount: account,
              space: bytes,
              lamports: await rentOf(bytes),
              programAddress: program,
            }),
            getInitializeAccount3Instruction({ account: account.address, mint: mint.address, owner }, programConfig),
            mintTo(account.address, amount),
          ]);
          return account.address;
        },
        freeze: (account) =>
          run([getFreezeAccountInstruction({ account, mint: mint.address, owner: payer }, programConfig)]),
      };
    },
  };
}

/** Gives a token account away to another owner, as its present owner may; Token-2022 does not allow it. */
export const giveAway = (account: Address, owner: KeyPairSigner, newOwner: Address): Instruction =>
  getSetAuthorityInstruction({
    owned: account,
    owner,
    authorityType: AuthorityType.AccountOwner,
    newAuthority: newOwner,
  });

const text = (value: string): readonly number[] => {
  const bytes = [...new TextEncoder().encode(value)];
  return [bytes.length, 0, 0, 0, ...bytes];
};

/** Writes name and symbol into a Token-2022 mint whose metadata pointer points to itself. */
export const describeToken = (mint: Address, authority: KeyPairSigner, symbol: string): Instruction => ({
  programAddress: TOKEN_2022_PROGRAM,
  accounts: [
    { address: mint, role: AccountRole.WRITABLE },
    { address: authority.address, role: AccountRole.READONLY },
    { address: mint, role: AccountRole.READONLY },
    signed(authority, AccountRole.READONLY_SIGNER),
  ],
  // The first bytes name the instruction "initialize" of the token metadata interface.
  data: Uint8Array.of(210, 225, 30, 162, 88, 184, 77, 141, ...text('A Token'), ...text(symbol), ...text('')),
});

const signed = (
  signer: KeyPairSigner,
  role: AccountRole.READONLY_SIGNER | AccountRole.WRITABLE_SIGNER,
): AccountSignerMeta => ({ address: signer.address, role, signer });

/** Makes an account of Token-2022 refuse payments that have no memo before them. */
export const demandMemo = (account: Address, owner: KeyPairSigner, payer: KeyPairSigner): readonly Instruction[] => [
  {
    programAddress: TOKEN_2022_PROGRAM,
    accounts: [
      { address: account, role: AccountRole.WRITABLE },
      signed(payer, AccountRole.WRITABLE_SIGNER),
      { address: SYSTEM_PROGRAM, role: AccountRole.READONLY },
      signed(owner, AccountRole.READONLY_SIGNER),
    ],
    // Reallocate for MemoTransfer.
    data: Uint8Array.of(29, 8, 0),
  },
  {
    programAddress: TOKEN_2022_PROGRAM,
    accounts: [{ address: account, role: AccountRole.WRITABLE }, signed(owner, AccountRole.READONLY_SIGNER)],
    data: Uint8Array.of(30, 0),
  },
];
