import { type AgentId, isAgentId, isNetworkOf, isoTime, type RowSealer, WaiaasError } from '@waiaas/core';
import { decrypt, encrypt } from './aead.ts';
import { createExclusive } from './exclusive.ts';
import { encodeExportedKey, exportedLength, parseExportedKey } from './exported-key.ts';
import type { FileSystem } from './file-system.ts';
import { createGuardedMemory, type SecureBuffer, wipe } from './guarded-memory.ts';
import { type KeyFileInfo, keyFileName } from './key-file.ts';
import { createKeyRing, type KeyRing, type PreparedKey } from './key-ring.ts';
import type { KeyCarrier, KeyImport, Keystore, KeystoreFileFault, KeystoreOptions, KeystoreParts } from './keystore.ts';
import { createKeystoreDirectory } from './keystore-directory.ts';
import { KeystoreError } from './keystore-error.ts';
import { passwordProblem } from './password.ts';
import { derivePasswordKey, newPasswordKey } from './password-key.ts';
import { passwordWrapper } from './password-wrapper.ts';
import { createRowSealer } from './row-seals.ts';
import { createSecretBox } from './secret-box.ts';
import { createPermitBook } from './signing-permit.ts';
import { createVaultDoor } from './vault-door.ts';
import { VAULT_FILE } from './vault-file.ts';

const locked = (): WaiaasError => new WaiaasError('KEYSTORE_LOCKED');
const noSuchAgent = (agentId: AgentId): WaiaasError => new WaiaasError('AGENT_NOT_FOUND', { details: { agentId } });

function assertSuitable(password: string, what = 'The master password'): void {
  const problem = passwordProblem(password);
  if (problem !== null) throw new KeystoreError('UNSUITABLE_PASSWORD', `${what} ${problem}`);
}

/** Ids become file names: also a caller without types gets no other name past this. */
function assertAgentId(agentId: AgentId): void {
  if (typeof agentId !== 'string' || !isAgentId(agentId)) {
    throw new TypeError('The agent id must be a lower-case UUID v7');
  }
}

/** `createKeystore` on a given file system; tests put a failing one underneath. Not part of the package's entry. */
export function openKeystore(options: KeystoreOptions, fs: FileSystem): KeystoreParts {
  const { clock, logger } = options;
  const memory = createGuardedMemory(logger);
  const files = createKeystoreDirectory({ fs, logger, directory: options.directory });
  const wrapper = options.wrapper ?? passwordWrapper(options.argon2, VAULT_FILE);
  const door = createVaultDoor({ memory, wrapper });
  const book = createPermitBook();
  const exclusively = createExclusive();

  /** Null while locked. */
  let ring: KeyRing | null = null;
  /**
   * Key of the row seals; null before the first unlock. It outlives `lock`: what was sent before the kill switch engaged
   * must still be followed and settled, and no signature can be made with it.
   */
  let sealKey: SecureBuffer | null = null;
  /** The vault as it was opened, wrapped as it is on disk; null while locked. */
  let openedVault: string | null = null;
  /** Counts calls of `lock`, so that one during an unlock is not lost. */
  let locks = 0;
  const unlockedRing = (): KeyRing => {
    if (ring === null) throw locked();
    return ring;
  };

  async function unlock(password: string): Promise<void> {
    if (ring !== null) throw new KeystoreError('ALREADY_UNLOCKED', 'The keystore is unlocked');
    const locksBefore = locks;
    const vault = await files.readVault();
    const opening = createKeyRing(memory, await door.open(vault, password));
    try {
      await files.tidy();
      for (const file of await files.readKeyFiles()) opening.load(file);
      if (locks !== locksBefore) throw locked();
      const formerSealKey = sealKey;
      sealKey = opening.deriveSealKey();
      if (formerSealKey !== null) wipe(formerSealKey);
    } catch (error) {
      opening.wipe();
      throw error;
    }
    ring = opening;
    openedVault = vault;
    memory.reportUnlocked();
    logger.info({ keys: opening.size }, 'Keystore unlocked');
  }

  async function changePassword(oldPassword: string, newPassword: string): Promise<void> {
    assertSuitable(newPassword);
    const former = await files.readVault();
    const renewed = await door.rewrap(former, oldPassword, newPassword);
    await files.replaceVault(former, renewed, isoTime(clock.now()));
    if (openedVault !== null) openedVault = renewed;
    logger.info({}, 'Master password changed');
  }

  async function withSeals<T>(password: string, use: (sealer: RowSealer) => Promise<T>): Promise<T> {
    const opened = createKeyRing(memory, await door.open(await files.readVault(), password));
    let lent: SecureBuffer | null = null;
    const sealer = createRowSealer(() => {
      if (lent === null) throw locked();
      return lent;
    });
    try {
      lent = opened.deriveSealKey();
      return await use(sealer);
    } finally {
      const over: SecureBuffer | null = lent;
      lent = null;
      if (over !== null) wipe(over);
      opened.wipe();
    }
  }

  async function initialise(password: string): Promise<void> {
    assertSuitable(password);
    if (await files.hasVault()) throw new KeystoreError('ALREADY_INITIALISED', 'The keystore is initialised');
    await files.assertNoKeyFiles();
    await files.createVault(await door.make(password, { createdAt: isoTime(clock.now()) }));
  }

  /** Stores a key that was made or taken in, and puts it to use. */
  async function store(present: KeyRing, key: PreparedKey): Promise<KeyFileInfo> {
    memory.reportUnlocked();
    try {
      await files.createKeyFile(key.file);
    } catch (error) {
      if (ring === present) key.drop();
      throw error;
    }
    // Locked meanwhile: the key is wiped with all others; its file is loaded at the next unlock or discarded.
    if (ring !== present) throw locked();
    key.keep();
    return key.file.info;
  }

  async function createKey({ agentId, chain, network, name }: Parameters<Keystore['createKey']>[0]) {
    assertAgentId(agentId);
    if (!isNetworkOf(chain, network)) throw new WaiaasError('CHAIN_NOT_SUPPORTED', { details: { chain, network } });
    const present = unlockedRing();
    const key = present.prepare({ agentId, chain, network, name, createdAt: isoTime(clock.now()) });
    return { publicKey: (await store(present, key)).publicKey };
  }

  async function exportKey(agentId: AgentId, password: string): Promise<string> {
    assertAgentId(agentId);
    assertSuitable(password, 'The password of the export');
    const present = unlockedRing();
    const info = (await files.readKeyFiles()).find((file) => file.info.agentId === agentId)?.info;
    if (info === undefined) throw noSuchAgent(agentId);
    const derived = await derivePasswordKey(password, newPasswordKey(options.argon2));
    try {
      if (ring !== present) throw locked();
      // Version 1 binds nothing: the reader compares the secret with the address instead.
      const box = present.lend(agentId, exportedLength(info.chain), (secret) => encrypt(derived.key, secret, ''));
      if (box === undefined) throw noSuchAgent(agentId);
      logger.warn({ agentId }, 'Key exported');
      return encodeExportedKey(info, box, derived);
    } finally {
      derived.key.fill(0);
    }
  }

  async function importKey(text: string, { agentId, name, password }: KeyImport): Promise<KeyFileInfo> {
    assertAgentId(agentId);
    const present = unlockedRing();
    const { info, box, parameters } = parseExportedKey(text);
    if (present.has(info.publicKey)) throw new KeystoreError('KEY_EXISTS', 'another agent has this key already');
    const { key } = await derivePasswordKey(password, parameters);
    const taken: { key: PreparedKey | null } = { key: null };
    try {
      if (ring !== present) throw locked();
      const opened = decrypt(key, box, '', (secret) => {
        taken.key = present.adopt({ ...info, agentId, name }, secret);
      });
      if (!opened) {
        throw new KeystoreError('WRONG_PASSWORD', 'The password of the exported key is wrong, or the file was altered');
      }
    } finally {
      key.fill(0);
    }
    if (taken.key === null) {
      throw new KeystoreError('CORRUPT', 'the secret is not the one of the address', 'exported key');
    }
    return store(present, taken.key);
  }

  async function discardKey(agentId: AgentId): Promise<void> {
    assertAgentId(agentId);
    const wasLoaded = ring?.publicKey(agentId) !== undefined;
    ring?.drop(agentId);
    const wasStored = await files.discardKeyFile(agentId, isoTime(clock.now()));
    if (!wasLoaded && !wasStored) throw noSuchAgent(agentId);
  }

  async function archiveKey(agentId: AgentId): Promise<void> {
    assertAgentId(agentId);
    ring?.drop(agentId);
    if (await files.archiveKeyFile(agentId)) return;
    if ((await files.readArchivedKeyFile(agentId)) === null) throw noSuchAgent(agentId);
  }

  async function restoreKey(agentId: AgentId): Promise<void> {
    assertAgentId(agentId);
    const present = unlockedRing();
    if (present.publicKey(agentId) !== undefined) return;
    const file = await files.readArchivedKeyFile(agentId);
    if (file === null) throw noSuchAgent(agentId);
    // Locked meanwhile: the lock wins.
    if (ring !== present) throw locked();
    present.load(file);
    memory.reportUnlocked();
  }

  async function vaultFault(): Promise<KeystoreFileFault | null> {
    try {
      return (await files.readVault()) === openedVault ? null : { file: VAULT_FILE, fault: 'altered' };
    } catch (error) {
      if (error instanceof KeystoreError) {
        return { file: VAULT_FILE, fault: error.code === 'NOT_INITIALISED' ? 'missing' : 'altered' };
      }
      throw error;
    }
  }

  async function keyFileFault(present: KeyRing, agentId: AgentId): Promise<KeystoreFileFault | null> {
    const file = keyFileName(agentId);
    try {
      const stored = await files.readKeyFile(agentId);
      if (ring !== present) throw locked();
      if (stored === null) return { file, fault: 'missing' };
      return present.matches(stored) ? null : { file, fault: 'altered' };
    } catch (error) {
      if (error instanceof KeystoreError) return { file, fault: 'altered' };
      throw error;
    }
  }

  async function checkFiles(): Promise<readonly KeystoreFileFault[]> {
    const present = unlockedRing();
    const faults = [await vaultFault()];
    for (const agentId of present.agents()) faults.push(await keyFileFault(present, agentId));
    if (ring !== present) throw locked();
    return faults.filter((fault) => fault !== null);
  }

  const keystore: Keystore = {
    isInitialised: () => files.hasVault(),
    initialise: (password) => exclusively(() => initialise(password)),
    unlock: (password) => exclusively(() => unlock(password)),
    lock() {
      locks += 1;
      const present = unlockedRing();
      ring = null;
      openedVault = null;
      book.voidAll();
      present.wipe();
      logger.info({}, 'Keystore locked');
    },
    get isUnlocked() {
      return ring !== null;
    },
    get keyCount() {
      return ring?.size ?? 0;
    },
    verifyPassword: (password) => exclusively(async () => door.fits(await files.readVault(), password)),
    withSeals: (password, use) => exclusively(() => withSeals(password, use)),
    changePassword: (oldPassword, newPassword) => exclusively(() => changePassword(oldPassword, newPassword)),
    createKey: (agent) => exclusively(() => createKey(agent)),
    discardKey: (agentId) => exclusively(() => discardKey(agentId)),
    archiveKey: (agentId) => exclusively(() => archiveKey(agentId)),
    restoreKey: (agentId) => exclusively(() => restoreKey(agentId)),
    publicKey(agentId) {
      const publicKey = unlockedRing().publicKey(agentId);
      if (publicKey === undefined) throw noSuchAgent(agentId);
      return publicKey;
    },
    listKeyFiles: () => exclusively(async () => (await files.readKeyFiles()).map(({ info }) => info)),
    checkFiles: () => exclusively(checkFiles),
    sign(permit, message) {
      const issued = book.consume(permit);
      if (!(message instanceof Uint8Array)) throw new TypeError('Only bytes can be signed');
      // A copy: what is signed cannot be changed by code that shares the caller's memory.
      const bytes = Buffer.from(message);
      const present = unlockedRing();
      if (issued === undefined) throw new KeystoreError('PERMIT_REFUSED', 'Not an unused permit of this keystore');
      // From this check to the signature nothing else can run: this is the kill switch's barrier (09 no. 6).
      book.assertCurrent(issued);
      const signature = present.sign(issued.agentId, bytes);
      if (signature === undefined) throw noSuchAgent(issued.agentId);
      return signature;
    },
    sealer: createRowSealer(() => {
      if (sealKey === null) throw locked();
      return sealKey;
    }),
    secrets: createSecretBox(() => unlockedRing().secretKey),
  };
  const carrier: KeyCarrier = {
    exportKey: (agentId, password) => exclusively(() => exportKey(agentId, password)),
    importKey: (text, into) => exclusively(() => importKey(text, into)),
  };
  return Object.freeze({
    keystore: Object.freeze(keystore),
    permits: book.permits,
    gate: book.gate,
    carrier: Object.freeze(carrier),
  });
}
