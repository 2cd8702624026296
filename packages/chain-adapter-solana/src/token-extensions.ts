import type { TokenExtension } from './token-layout.ts';

/** Extensions of Token-2022 by their number, for people (02 §13). */
const NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'TransferFeeConfig'],
  [2, 'TransferFeeAmount'],
  [3, 'MintCloseAuthority'],
  [4, 'ConfidentialTransferMint'],
  [5, 'ConfidentialTransferAccount'],
  [6, 'DefaultAccountState'],
  [7, 'ImmutableOwner'],
  [8, 'MemoTransfer'],
  [9, 'NonTransferable'],
  [10, 'InterestBearingConfig'],
  [11, 'CpiGuard'],
  [12, 'PermanentDelegate'],
  [13, 'NonTransferableAccount'],
  [14, 'TransferHook'],
  [15, 'TransferHookAccount'],
  [16, 'ConfidentialTransferFeeConfig'],
  [17, 'ConfidentialTransferFeeAmount'],
  [18, 'MetadataPointer'],
  [19, 'TokenMetadata'],
  [20, 'GroupPointer'],
  [21, 'TokenGroup'],
  [22, 'GroupMemberPointer'],
  [23, 'TokenGroupMember'],
  [24, 'ConfidentialMintBurn'],
  [25, 'ScaledUiAmount'],
  [26, 'Pausable'],
  [27, 'PausableAccount'],
  [28, 'PermissionedBurn'],
]);

export const METADATA_POINTER = 18;
export const TOKEN_METADATA = 19;
const IMMUTABLE_OWNER = 7;
const MEMO_TRANSFER = 8;
const CPI_GUARD = 11;

/**
 * Extensions of a mint under which a transfer moves exactly what it says, from and to whom it says, for good: closing an empty
 * mint, names, groups. All others are refused, unknown ones too: fees and interest change amounts, hooks run programs nobody
 * reviewed, delegates and pauses take or hold what was paid, confidential amounts hide from the policy (02 §13).
 */
const HARMLESS_ON_MINT: ReadonlySet<number> = new Set([3, METADATA_POINTER, TOKEN_METADATA, 20, 21, 22, 23]);

/** Name of an extension. @example extensionName(12) // "PermanentDelegate" */
export const extensionName = (type: number): string => NAMES.get(type) ?? `extension ${type}`;

/** The first extension of a mint that makes its token one to refuse, by name; undefined when there is none. */
export const refusedMintExtension = (extensions: readonly TokenExtension[]): string | undefined => {
  const refused = extensions.find(({ type }) => !HARMLESS_ON_MINT.has(type));
  return refused === undefined ? undefined : extensionName(refused.type);
};

/** Whether an account's owner demands a memo right before each payment to it, which is not where ours is. */
const demandsMemo = ({ type, value }: TokenExtension): boolean => type === MEMO_TRANSFER && value[0] !== 0;

/** The first extension of a token account under which it cannot be paid or paid from, by name. */
export const refusedAccountExtension = (extensions: readonly TokenExtension[]): string | undefined => {
  const refused = extensions.find(
    (extension) => demandsMemo(extension) || ![IMMUTABLE_OWNER, MEMO_TRANSFER, CPI_GUARD].includes(extension.type),
  );
  return refused === undefined ? undefined : extensionName(refused.type);
};
