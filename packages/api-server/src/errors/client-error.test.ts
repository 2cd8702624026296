import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { answerClientError } from './client-error.ts';

/** What comes back on a connection whose request did not arrive in time. */
async function answerTo(sent: string): Promise<string> {
  const server = createServer((socket) => {
    const late = Object.assign(new Error('late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    const end = (): void => answerClientError(late, socket, '0192f0c1-2b3c-7d4e-8f5a-6b7c8d9e0f01', false);
    if (sent === '') end();
    else socket.once('data', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = server.address();
  if (at === null || typeof at === 'string') throw new Error('The server has no port');
  const socket = connect(at.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  if (sent !== '') socket.write(sent);
  await once(socket, 'close');
  server.close();
  return answer;
}

test('a request that began and did not arrive in time is told so', async () => {
  const answer = await answerTo('GET /health HTTP/1.1\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('did not arrive in time');
});

test('a connection that nothing was asked on is ended without a word, which would be taken for the first answer', async () => {
  expect(await answerTo('')).toBe('');
});
