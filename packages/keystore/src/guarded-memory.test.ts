import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { recordingLogger } from '../test/support.ts';
import { createGuardedMemory } from './guarded-memory.ts';
import { createKeySlots, SLOT_LENGTH } from './key-slots.ts';

const CHILD = fileURLToPath(new URL('../test/memory-child.ts', import.meta.url));

interface Outcome {
  readonly signal: string | null;
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

const run = (command: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    child.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output, errors }));
  });

/** A folder another user may write to, for the child that gives its rights up. */
async function withOpenDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  // The other user may not enter the folder in which a run keeps its temporary files.
  const root = await mkdtemp(join(process.env.DISK_TMPDIR ?? tmpdir(), 'waiaas-memory-'));
  await chmod(root, 0o777);
  try {
    return await use(join(root, 'keystore'));
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

describe.concurrent('guarded memory', () => {
  test.each([
    'read-wiped',
    'read-no-access',
    'write-read-only',
    'write-slot',
    'write-filled-slot',
    'read-slot-after-wipe',
  ])('the processor stops %s', async (what) => {
    const { output, signal, code } = await run(process.execPath, [CHILD, what]);
    expect(output).toBe('');
    // 139 where a shell or a handler turns the signal into a code.
    expect([signal, code]).toEqual(signal === null ? [null, 139] : [expect.stringMatching(/SIGSEGV|SIGBUS/), null]);
  });

  test('sign, sign, lock, lock again and another life run without a crash', () =>
    withOpenDirectory(async (directory) => {
      const { output, errors } = await run(process.execPath, [CHILD, 'survive', directory]);
      expect(errors).toBe('');
      expect(JSON.parse(output)).toEqual({
        same: true,
        codes: ['KEYSTORE_LOCKED', 'KEYSTORE_LOCKED', 'KEYSTORE_LOCKED'],
      });
    }));

  test.runIf(process.platform === 'linux')('memory that cannot be locked is warned about', () =>
    withOpenDirectory(async (directory) => {
      const script = `ulimit -l 0; exec "$0" "$@"`;
      const { output, errors } = await run('sh', ['-c', script, process.execPath, CHILD, 'memlock', directory]);
      expect(errors).toBe('');
      expect(JSON.parse(output)).toEqual([
        { level: 'warn', fields: { allocations: expect.any(Number) }, message: expect.stringContaining('ulimit -l') },
      ]);
    }),
  );

  test('where it can be locked there is no warning', () => {
    const logger = recordingLogger();
    const memory = createGuardedMemory(logger);
    expect(memory.allocate(32)).toMatchObject({ secure: true, length: 32 });
    memory.reportUnlocked();
    expect(logger.lines).toEqual([]);
  });
});

describe('key slots', () => {
  test('do not overlap and come back empty', () => {
    const slots = createKeySlots(createGuardedMemory(recordingLogger()));
    const taken = Array.from({ length: 200 }, () => slots.take());
    for (const [index, slot] of taken.entries()) slot.write((bytes) => bytes.fill(index + 1));
    for (const [index, slot] of taken.entries()) {
      expect(slot.bytes.equals(Buffer.alloc(SLOT_LENGTH, index + 1))).toBe(true);
    }
    for (const slot of taken) slot.release();
    for (let index = 0; index < taken.length; index += 1) {
      expect(slots.take().bytes.equals(Buffer.alloc(SLOT_LENGTH))).toBe(true);
    }
    slots.wipe();
  });
});
