import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { masterKeyOf } from '../test/independent-reader.ts';
import {
  CHEAP,
  codeOf,
  failureOf,
  keystoreAt,
  OTHER_PASSWORD,
  PASSWORD,
  solanaKey,
  withDirectory,
  withKeystore,
} from '../test/support.ts';
import { nodeFileSystem } from './file-system.ts';
import type { MasterKeyWrapper } from './master-key-wrapper.ts';
import { openKeystore } from './open-keystore.ts';
import { passwordWrapper } from './password-wrapper.ts';

const vaultText = (directory: string): Promise<string> => readFile(join(directory, 'vault.json'), 'utf8');
const withVault = <T>(use: (directory: string) => Promise<T>): Promise<T> =>
  withDirectory(async (directory) => {
    await keystoreAt(directory).keystore.initialise(PASSWORD);
    return use(directory);
  });

describe('life of a vault', () => {
  test('initialise makes a vault once, locked, and keeps it', () =>
    withDirectory(async (directory) => {
      const { keystore } = keystoreAt(directory);
      expect(await keystore.isInitialised()).toBe(false);
      expect(await codeOf(() => keystore.unlock(PASSWORD))).toBe('NOT_INITIALISED');
      expect(await codeOf(() => keystore.verifyPassword(PASSWORD))).toBe('NOT_INITIALISED');
      await keystore.initialise(PASSWORD);
      expect(await keystore.isInitialised()).toBe(true);
      expect(keystore.isUnlocked).toBe(false);
      const before = await vaultText(directory);
      expect(await codeOf(() => keystore.initialise(OTHER_PASSWORD))).toBe('ALREADY_INITIALISED');
      expect(await vaultText(directory)).toBe(before);
    }));

  test('of many simultaneous initialisations, also by different keystores, exactly one succeeds', () =>
    withDirectory(async (directory) => {
      const passwords = Array.from({ length: 8 }, (_, index) => `password number ${index}`);
      const outcomes = await Promise.allSettled(
        passwords.map((password) => keystoreAt(directory).keystore.initialise(password)),
      );
      const winners = passwords.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      await keystoreAt(directory).keystore.unlock(winners[0] ?? '');
    }));

  test('key files without their vault are not given another one', () =>
    withKeystore(async ({ keystore, directory }) => {
      const { agentId } = solanaKey();
      await keystore.createKey(solanaKey(agentId));
      await rm(join(directory, 'vault.json'));
      const error = await failureOf(() => keystoreAt(directory).keystore.initialise(PASSWORD));
      expect(error).toMatchObject({ code: 'CORRUPT', file: 'vault.json' });
    }));

  test('a wrong password is refused even with no agent', () =>
    withVault(async (directory) => {
      const { keystore } = keystoreAt(directory);
      expect(await codeOf(() => keystore.unlock(OTHER_PASSWORD))).toBe('WRONG_PASSWORD');
      expect(keystore.isUnlocked).toBe(false);
      await keystore.unlock(PASSWORD);
      expect(await codeOf(() => keystore.unlock(PASSWORD))).toBe('ALREADY_UNLOCKED');
    }));

  test('a short or unprintable new password is refused before anything is written', () =>
    withDirectory(async (directory) => {
      const { keystore } = keystoreAt(directory);
      expect(await codeOf(() => keystore.initialise('short'))).toBe('UNSUITABLE_PASSWORD');
      expect(await keystore.isInitialised()).toBe(false);
      await keystore.initialise(PASSWORD);
      expect(await codeOf(() => keystore.changePassword(PASSWORD, 'ümlaut password'))).toBe('UNSUITABLE_PASSWORD');
      expect(await keystore.verifyPassword(PASSWORD)).toBe(true);
    }));

  test('verifyPassword answers while locked and while unlocked', () =>
    withVault(async (directory) => {
      const { keystore } = keystoreAt(directory);
      for (const unlocked of [false, true]) {
        if (unlocked) await keystore.unlock(PASSWORD);
        expect(await keystore.verifyPassword(PASSWORD)).toBe(true);
        expect(await keystore.verifyPassword(`${PASSWORD} `)).toBe(false);
        expect(await keystore.verifyPassword('')).toBe(false);
        expect(keystore.isUnlocked).toBe(unlocked);
      }
    }));

  test('the parameters travel with the file: raised costs lock nobody out', () =>
    withVault(async (directory) => {
      const dearer = keystoreAt(directory, undefined, { memoryCost: 256, timeCost: 2, parallelism: 2 });
      await dearer.keystore.unlock(PASSWORD);
      await dearer.keystore.changePassword(PASSWORD, OTHER_PASSWORD);
      expect(JSON.parse(await vaultText(directory)).crypto.kdfparams).toMatchObject({ memoryCost: 256, timeCost: 2 });
      await keystoreAt(directory).keystore.unlock(OTHER_PASSWORD);
    }));

  test.each([
    { ...CHEAP, memoryCost: 1_048_577 },
    { ...CHEAP, memoryCost: 7 },
    { ...CHEAP, timeCost: 21 },
    { ...CHEAP, timeCost: 0 },
    { ...CHEAP, parallelism: 17 },
    { ...CHEAP, memoryCost: Number.NaN },
  ])('parameters that could not be read back are not accepted: %j', (argon2) => {
    expect(() => keystoreAt('/nowhere', undefined, argon2)).toThrow(RangeError);
  });
});

describe('password change', () => {
  test('rewraps the same key freshly, keeps the former vault, and leaves the keys in use', () =>
    withKeystore(async ({ keystore, permits, gate, directory }) => {
      const agent = solanaKey();
      const { publicKey } = await keystore.createKey(agent);
      const keyFile = await readFile(join(directory, `${agent.agentId}.json`), 'utf8');
      const before = await vaultText(directory);
      const masterKey = await masterKeyOf(directory, PASSWORD);

      await keystore.changePassword(PASSWORD, OTHER_PASSWORD);

      expect(await masterKeyOf(directory, OTHER_PASSWORD)).toEqual(masterKey);
      const [was, is] = [JSON.parse(before), JSON.parse(await vaultText(directory))];
      expect(is.createdAt).toBe(was.createdAt);
      for (const field of ['iv', 'ciphertext', 'tag']) expect(is.crypto[field]).not.toBe(was.crypto[field]);
      expect(is.crypto.kdfparams.salt).not.toBe(was.crypto.kdfparams.salt);
      expect(await readFile(join(directory, `${agent.agentId}.json`), 'utf8')).toBe(keyFile);
      expect(
        keystore.sign(permits.mint({ agentId: agent.agentId, intentHash: 'h', epoch: gate.epoch }), new Uint8Array(1)),
      ).toHaveLength(64);

      expect(await keystore.verifyPassword(PASSWORD)).toBe(false);
      keystore.lock();
      expect(await codeOf(() => keystore.unlock(PASSWORD))).toBe('WRONG_PASSWORD');
      await keystore.unlock(OTHER_PASSWORD);
      expect(keystore.publicKey(agent.agentId)).toBe(publicKey);

      const backups = await readdir(join(directory, 'backups'));
      expect(backups).toHaveLength(1);
      expect(await readFile(join(directory, 'backups', backups[0] ?? ''), 'utf8')).toBe(before);
    }));

  test('a wrong old password changes nothing', () =>
    withVault(async (directory) => {
      const { keystore } = keystoreAt(directory);
      const before = await vaultText(directory);
      expect(await codeOf(() => keystore.changePassword(OTHER_PASSWORD, OTHER_PASSWORD))).toBe('WRONG_PASSWORD');
      expect(await vaultText(directory)).toBe(before);
    }));

  test('simultaneous changes from one old password: one wins, the others are told', () =>
    withVault(async (directory) => {
      const { keystore } = keystoreAt(directory);
      const passwords = Array.from({ length: 5 }, (_, index) => `password number ${index}`);
      const outcomes = await Promise.allSettled(
        passwords.map((password) => keystore.changePassword(PASSWORD, password)),
      );
      expect(outcomes.map(({ status }) => status).filter((status) => status === 'fulfilled')).toHaveLength(1);
      const opens = await Promise.all([PASSWORD, ...passwords].map((password) => keystore.verifyPassword(password)));
      expect(opens.filter(Boolean)).toHaveLength(1);
    }));

  test('a wrapper that writes what it cannot read does not cost the vault', () =>
    withVault(async (directory) => {
      const before = await vaultText(directory);
      const sound = passwordWrapper(CHEAP, 'vault.json');
      const forgetful: MasterKeyWrapper = {
        ...sound,
        wrap: (_masterKey, password, context) => sound.wrap(Buffer.alloc(32), password, context),
      };
      const { clock, logger } = { clock: { now: () => 0 }, logger: keystoreAt(directory).logger };
      const { keystore } = openKeystore(
        { directory, clock, logger, argon2: CHEAP, wrapper: forgetful },
        nodeFileSystem,
      );
      expect(await codeOf(() => keystore.changePassword(PASSWORD, OTHER_PASSWORD))).toBe('CORRUPT');
      expect(await vaultText(directory)).toBe(before);
    }));
});

describe('an altered vault', () => {
  test(
    'any flipped bit of salt, nonce, ciphertext or tag keeps it shut',
    () =>
      withVault(async (directory) => {
        const path = join(directory, 'vault.json');
        const original = JSON.parse(await vaultText(directory));
        const { keystore } = keystoreAt(directory);
        const flip = (hex: string, bit: number): string => {
          const bytes = Buffer.from(hex, 'hex');
          bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
          return bytes.toString('hex');
        };
        for (const field of ['iv', 'ciphertext', 'tag', 'salt']) {
          const bits = 4 * (original.crypto[field] ?? original.crypto.kdfparams[field]).length;
          for (let bit = 0; bit < bits; bit += 1) {
            const altered = structuredClone(original);
            const place = field === 'salt' ? altered.crypto.kdfparams : altered.crypto;
            place[field] = flip(place[field], bit);
            await writeFile(path, JSON.stringify(altered));
            expect(await codeOf(() => keystore.unlock(PASSWORD))).toBe('WRONG_PASSWORD');
          }
        }
      }),
    60_000,
  );

  test('wrong password and altered ciphertext cannot be told apart', () =>
    withVault(async (directory) => {
      const wrong = await failureOf(() => keystoreAt(directory).keystore.unlock(OTHER_PASSWORD));
      const altered = JSON.parse(await vaultText(directory));
      altered.crypto.ciphertext = '00'.repeat(32);
      await writeFile(join(directory, 'vault.json'), JSON.stringify(altered));
      const tampered = await failureOf(() => keystoreAt(directory).keystore.unlock(PASSWORD));
      expect(String(tampered)).toBe(String(wrong));
      expect(tampered).toEqual(wrong);
    }));

  const attacks: Readonly<Record<string, { code: string; change: (vault: VaultJson) => unknown }>> = {
    'another creation time': {
      code: 'WRONG_PASSWORD',
      change: (vault) => ({ ...vault, createdAt: '2020-01-01T00:00:00.000Z' }),
    },
    'cheaper KDF time': { code: 'WRONG_PASSWORD', change: (vault) => kdf(vault, { timeCost: 2 }) },
    'cheaper KDF memory': { code: 'WRONG_PASSWORD', change: (vault) => kdf(vault, { memoryCost: 8 }) },
    'a memory cost of 10^9': { code: 'CORRUPT', change: (vault) => kdf(vault, { memoryCost: 1e9 }) },
    'a memory cost just above 1 GiB': { code: 'CORRUPT', change: (vault) => kdf(vault, { memoryCost: 1_048_577 }) },
    'a memory cost below the least': { code: 'CORRUPT', change: (vault) => kdf(vault, { memoryCost: 1 }) },
    'a broken memory cost': { code: 'CORRUPT', change: (vault) => kdf(vault, { memoryCost: 64.5 }) },
    'a memory cost as text': { code: 'CORRUPT', change: (vault) => kdf(vault, { memoryCost: '64' }) },
    'a time cost of 21': { code: 'CORRUPT', change: (vault) => kdf(vault, { timeCost: 21 }) },
    'a parallelism of 17': { code: 'CORRUPT', change: (vault) => kdf(vault, { parallelism: 17 }) },
    'another hash length': { code: 'CORRUPT', change: (vault) => kdf(vault, { hashLength: 16 }) },
    'a shorter salt': { code: 'CORRUPT', change: (vault) => kdf(vault, { salt: '00' }) },
    'an unknown KDF parameter': { code: 'CORRUPT', change: (vault) => kdf(vault, { secret: '' }) },
    'a tag of four bytes': { code: 'CORRUPT', change: (vault) => crypto(vault, { tag: vault.crypto.tag.slice(0, 8) }) },
    'a longer tag': { code: 'CORRUPT', change: (vault) => crypto(vault, { tag: `${vault.crypto.tag}00` }) },
    'a longer nonce': { code: 'CORRUPT', change: (vault) => crypto(vault, { iv: '00'.repeat(16) }) },
    'a shorter ciphertext': { code: 'CORRUPT', change: (vault) => crypto(vault, { ciphertext: '00'.repeat(31) }) },
    'upper-case digits': { code: 'CORRUPT', change: (vault) => crypto(vault, { iv: 'AB'.repeat(12) }) },
    'another KDF': { code: 'CORRUPT', change: (vault) => crypto(vault, { kdf: 'argon2i' }) },
    'another cipher': { code: 'CORRUPT', change: (vault) => crypto(vault, { cipher: 'aes-256-ctr' }) },
    'an unknown field': { code: 'CORRUPT', change: (vault) => ({ ...vault, hint: 'dog' }) },
    'an unknown field beside the key': { code: 'CORRUPT', change: (vault) => crypto(vault, { mac: '' }) },
    'a missing part': {
      code: 'CORRUPT',
      change: ({ createdAt, version, wrapper }) => ({ createdAt, version, wrapper }),
    },
    'another wrapper': { code: 'CORRUPT', change: (vault) => ({ ...vault, wrapper: 'kms' }) },
    'a list': { code: 'CORRUPT', change: (vault) => [vault] },
    nothing: { code: 'CORRUPT', change: () => null },
    'a later version': { code: 'UNSUPPORTED_VERSION', change: (vault) => ({ ...vault, version: 2 }) },
    'a version as text': { code: 'CORRUPT', change: (vault) => ({ ...vault, version: '1' }) },
  };

  test.each(Object.entries(attacks))('%s is refused', (_name, { code, change }) =>
    withVault(async (directory) => {
      const altered = change(JSON.parse(await vaultText(directory)));
      await writeFile(join(directory, 'vault.json'), JSON.stringify(altered));
      const { keystore } = keystoreAt(directory);
      const memoryBefore = process.memoryUsage().rss;
      const error = await failureOf(() => keystore.unlock(PASSWORD));
      expect(error).toMatchObject({ name: 'KeystoreError', code });
      if (code !== 'WRONG_PASSWORD') expect(error).toMatchObject({ file: 'vault.json' });
      // A planted cost of 10^9 KiB must not be tried.
      expect(process.memoryUsage().rss - memoryBefore).toBeLessThan(100_000_000);
      expect(keystore.isUnlocked).toBe(false);
    }),
  );

  test.each(['', '{', '\u0000', '[]'])('%j instead of a vault is CORRUPT', (text) =>
    withVault(async (directory) => {
      await writeFile(join(directory, 'vault.json'), text);
      expect(await failureOf(() => keystoreAt(directory).keystore.unlock(PASSWORD))).toMatchObject({
        code: 'CORRUPT',
        file: 'vault.json',
      });
    }),
  );
});

interface VaultJson {
  version: number;
  wrapper: string;
  createdAt: string;
  crypto: { iv: string; ciphertext: string; tag: string; kdfparams: Record<string, unknown> };
}
const crypto = (vault: VaultJson, change: object): unknown => ({ ...vault, crypto: { ...vault.crypto, ...change } });
const kdf = (vault: VaultJson, change: object): unknown =>
  crypto(vault, { kdfparams: { ...vault.crypto.kdfparams, ...change } });

describe('what is stored', () => {
  test('lengths of the vault are as documented and every value is fresh', () =>
    withDirectory(async (first) =>
      withDirectory(async (second) => {
        const vaults = [];
        for (const directory of [first, second]) {
          await keystoreAt(directory).keystore.initialise(PASSWORD);
          vaults.push(JSON.parse(await vaultText(directory)));
        }
        const [a, b] = vaults;
        expect(
          [a.crypto.iv, a.crypto.ciphertext, a.crypto.tag, a.crypto.kdfparams.salt].map((hex) => hex.length),
        ).toEqual([24, 64, 32, 32]);
        expect(a.crypto.kdfparams.salt).not.toBe(b.crypto.kdfparams.salt);
        expect(a.crypto.iv).not.toBe(b.crypto.iv);
        expect(await masterKeyOf(first, PASSWORD)).not.toEqual(await masterKeyOf(second, PASSWORD));
      }),
    ));

  test('files are 0600 and folders 0700 whatever the umask, also in place of open ones', async () => {
    for (const umask of [0o000, 0o022, 0o277]) {
      const former = process.umask(0o022);
      try {
        await withVault(async (directory) => {
          const { keystore } = keystoreAt(directory);
          await chmod(join(directory, 'vault.json'), 0o644);
          await chmod(directory, 0o755);
          await keystore.unlock(PASSWORD);
          process.umask(umask);
          const agent = solanaKey();
          await keystore.createKey(agent);
          await chmod(join(directory, 'vault.json'), 0o644);
          await keystore.changePassword(PASSWORD, OTHER_PASSWORD);
          await keystore.discardKey(agent.agentId);
          for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
            const { mode } = await stat(join(entry.parentPath, entry.name));
            expect([entry.name, (mode & 0o777).toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
          }
          expect(((await stat(directory)).mode & 0o777).toString(8)).toBe('700');
        });
      } finally {
        process.umask(former);
      }
    }
  });

  test('a file that was open to others is closed at the next start, with a warning', () =>
    withVault(async (directory) => {
      await chmod(join(directory, 'vault.json'), 0o644);
      const { keystore, logger } = keystoreAt(directory);
      await keystore.unlock(PASSWORD);
      expect((await stat(join(directory, 'vault.json'))).mode & 0o777).toBe(0o600);
      expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', fields: { file: 'vault.json' } }));
    }));
});
