import { writeSync } from 'node:fs';
import { DEFAULT_CONNECTION_SETTINGS, openWriteConnection } from '../src/connection.ts';
import { createWriteQueue } from '../src/write-queue.ts';
import { NO_AUDIT, NO_HEADS, NO_SCHEMA } from './no-audit.ts';

/* Writes pairs, says which were answered, and kills itself after so many answers: killed-writer <file> <answers>. */
const [path = '', killAfter = '0'] = process.argv.slice(2);
const connection = openWriteConnection(path, DEFAULT_CONNECTION_SETTINGS);
connection.exec(
  'CREATE TABLE system_state (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at INTEGER NOT NULL) STRICT',
);
const queue = createWriteQueue(connection, {
  storeEvent: async () => undefined,
  audit: NO_AUDIT,
  heads: NO_HEADS,
  schema: NO_SCHEMA,
});
let answers = 0;
const die = (): void => void process.kill(process.pid, 'SIGKILL');

for (let index = 0; index < 10; index++) {
  const written = queue.write(async ({ db }) => {
    for (const value of ['first', 'second']) {
      await db
        .insertInto('system_state')
        .values({ key: `${index}-${value}` as never, value, updated_at: 0 })
        .execute();
      if (answers === Number(killAfter) && value === 'first') die();
    }
  });
  await written;
  answers += 1;
  writeSync(1, `${index}-first\n${index}-second\n`);
}
