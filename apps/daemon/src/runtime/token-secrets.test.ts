import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionSecrets } from '@waiaas/auth';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTokenSecrets } from './token-secrets.ts';

const CONFIGURED = 'the configured secret of session tokens';
const START = 1_800_000_000;
let folder: string;
let path: string;
let seconds: number;
const clock = { now: () => seconds * 1000 };
const open = (configured = CONFIGURED) => openTokenSecrets({ path, configured, clock });
const rotate = async (secrets: ReturnType<typeof open>): Promise<SessionSecrets> => {
  let used: SessionSecrets | null = null;
  await secrets.rotate(
    async () => undefined,
    (next) => {
      used = next;
    },
  );
  if (used === null) throw new Error('The new secrets were not used');
  return used;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'waiaas-secrets-'));
  path = join(folder, 'token-secrets.json');
  seconds = START;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a rotation outlives a restart: the new secret for good, the old one for what is left of its five minutes', async () => {
  const used = await rotate(open());
  expect(used.previous).toEqual({ secret: CONFIGURED, validFrom: START, validUntil: START + 300 });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  seconds += 299;
  expect([open().secrets, open().overlapEnded]).toEqual([used, false]);
  seconds += 1;
  expect([open().secrets, open().overlapEnded]).toEqual([{ current: used.current, previous: null }, true]);
});

test('a second rotation waits for the end of the first, also across a restart', async () => {
  const secrets = open();
  await rotate(secrets);
  seconds += 299;
  for (const again of [secrets, open()])
    await expect(rotate(again)).rejects.toMatchObject({ code: 'ROTATION_TOO_RECENT', details: { retryAfter: 1 } });
  seconds += 1;
  await rotate(secrets);
});

test('of two rotations at once one happens', async () => {
  const secrets = open();
  const outcomes = await Promise.allSettled([rotate(secrets), rotate(secrets)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a rotation that could not be recorded does not happen', async () => {
  const secrets = open();
  const failed = secrets.rotate(
    () => Promise.reject(new Error('disk full')),
    () => {
      throw new Error('must not be used');
    },
  );
  await expect(failed).rejects.toThrow('disk full');
  expect(open().secrets).toEqual({ current: CONFIGURED, previous: null });
  await rotate(secrets);
});

describe('a clock that is set back', () => {
  test('to before the rotation does not keep the old secret alive over a restart', async () => {
    const { current } = await rotate(open());
    seconds -= 1;
    expect([open().secrets, open().overlapEnded]).toEqual([{ current, previous: null }, true]);
  });

  test('by a year does not keep anybody from rotating again', async () => {
    const secrets = open();
    const { current } = await rotate(secrets);
    seconds -= 31_536_000;
    expect((await rotate(secrets)).previous?.secret).toBe(current);
    expect((await rotate(open()).catch((error: unknown) => error)) as object).toMatchObject({
      code: 'ROTATION_TOO_RECENT',
    });
  });
});

test('a configured secret that was changed wins over the file', async () => {
  await rotate(open());
  expect(open('another configured secret of tokens').secrets).toEqual({
    current: 'another configured secret of tokens',
    previous: null,
  });
});

test('a file that cannot be read keeps the daemon from starting: an old secret must not come back to life', () => {
  writeFileSync(path, '{"version":1}', { mode: 0o600 });
  expect(() => open()).toThrowError(expect.objectContaining({ code: 'TOKEN_SECRETS_UNREADABLE' }));
});
