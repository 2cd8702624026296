import { createGuardedMemory, noAccess, readOnly, wipe } from '../src/guarded-memory.ts';
import { createKeySlots } from '../src/key-slots.ts';
import { keystoreAt, PASSWORD, recordingLogger, solanaKey } from './support.ts';

/** Things that end a process or need limits of their own: `memory-child <what> <folder>`. Prints JSON when it survives. */
const [, , what, directory = ''] = process.argv;

/** Root may lock as much as it likes; the limit is for everybody else. */
function dropPrivileges(): void {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(65_534);
  process.setuid?.(65_534);
}

const memory = createGuardedMemory(recordingLogger());
const print = (value: unknown): void => console.log(JSON.stringify(value));

switch (what) {
  case 'read-wiped': {
    const buffer = memory.allocate(32);
    wipe(buffer);
    print(buffer[0]);
    break;
  }
  case 'read-no-access': {
    const buffer = memory.allocate(32);
    noAccess(buffer);
    print(buffer[0]);
    break;
  }
  case 'write-read-only': {
    const buffer = memory.allocate(32);
    readOnly(buffer);
    buffer[0] = 1;
    print('written');
    break;
  }
  case 'write-slot': {
    const slot = createKeySlots(memory).take();
    slot.bytes[0] = 1;
    print('written');
    break;
  }
  case 'write-filled-slot': {
    const slot = createKeySlots(memory).take();
    slot.write((bytes) => bytes.fill(7));
    slot.bytes[0] = 1;
    print('written');
    break;
  }
  case 'read-slot-after-wipe': {
    const slots = createKeySlots(memory);
    const slot = slots.take();
    slots.wipe();
    print(slot.bytes[0]);
    break;
  }
  case 'survive': {
    const buffer = memory.allocate(32);
    for (const protect of [readOnly, noAccess, wipe, wipe, readOnly, wipe]) protect(buffer);
    const { keystore, permits, gate } = keystoreAt(directory);
    await keystore.initialise(PASSWORD);
    await keystore.unlock(PASSWORD);
    gate.open();
    const agent = solanaKey();
    await keystore.createKey(agent);
    const sign = (): Uint8Array =>
      keystore.sign(permits.mint({ agentId: agent.agentId, intentHash: 'h', epoch: gate.epoch }), new Uint8Array(3));
    const same = Buffer.from(sign()).equals(sign());
    keystore.lock();
    const codes: unknown[] = [];
    for (const call of [() => keystore.lock(), sign, () => keystore.publicKey(agent.agentId)]) {
      try {
        call();
      } catch (error) {
        codes.push(error instanceof Error && 'code' in error ? error.code : error);
      }
    }
    await keystore.unlock(PASSWORD);
    keystore.lock();
    print({ same, codes });
    break;
  }
  case 'memlock': {
    const { keystore, logger } = keystoreAt(directory);
    dropPrivileges();
    await keystore.initialise(PASSWORD);
    await keystore.unlock(PASSWORD);
    print(logger.lines.filter(({ level }) => level === 'warn'));
    break;
  }
  default:
    throw new Error('Unknown task');
}
