import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { finish, freePort, makePlace, type Place } from './waiaas.ts';

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

const STARTERS = 20;

test.each(['a clean directory', 'stale files of a killed daemon'])(
  '20 simultaneous starts on %s: exactly one is ready, the others end with 2 before they see a key',
  async (what) => {
    await place.run(['init', '--password-file', place.passwordFile]);
    if (what.startsWith('stale')) {
      writeFileSync(place.path('daemon.pid'), '999999');
      writeFileSync(place.path('daemon.json'), '{"pid":999999,"port":3100,"stamp":null}');
      writeFileSync(place.path('daemon.lock'), '999999');
    }
    const ports = new Set<number>();
    while (ports.size < STARTERS) ports.add(await freePort());
    const starters = [...ports].map((port) => {
      const child = place.spawn(['start', '--port', String(port), '--password-file', place.passwordFile]);
      return { child, port, finished: finish(child) };
    });
    const losers = await new Promise<number>((resolve) => {
      let ended = 0;
      for (const { child } of starters) {
        child.on('exit', () => {
          ended += 1;
          if (ended === STARTERS - 1) resolve(ended);
        });
      }
    });
    expect(losers).toBe(STARTERS - 1);
    const alive = starters.filter(({ child }) => child.exitCode === null);
    expect(alive).toHaveLength(1);
    const [winner] = alive;
    expect(JSON.parse((await place.run(['status', '--json'])).out)).toMatchObject({
      running: true,
      pid: winner?.child.pid,
      address: `127.0.0.1:${winner?.port}`,
    });
    winner?.child.kill('SIGTERM');
    const results = await Promise.all(starters.map(({ finished }) => finished));
    expect(results.filter(({ code }) => code === 2)).toHaveLength(STARTERS - 1);
    for (const { code, out, err } of results) {
      if (code !== 2) continue;
      expect(err).toMatch(/already running/);
      expect(out).not.toMatch(/Database|keystore/i);
    }
    expect(results.filter(({ code }) => code === 0)).toHaveLength(1);
  },
  180_000,
);
