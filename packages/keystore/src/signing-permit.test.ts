import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import type { AgentId } from '@waiaas/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { masterKeyOf, secretOf } from '../test/independent-reader.ts';
import {
  codeOf,
  ethereumKey,
  failureOf,
  keystoreAt,
  newAgentId,
  PASSWORD,
  type Scene,
  solanaKey,
  withKeystore,
} from '../test/support.ts';
import type { SigningPermit } from './signing-permit.ts';

const MESSAGE = new Uint8Array([1, 2, 3]);

async function solanaAgent({ keystore }: Scene): Promise<AgentId> {
  const agent = solanaKey();
  await keystore.createKey(agent);
  return agent.agentId;
}

const mint = ({ permits, gate }: Scene, agentId: AgentId): SigningPermit =>
  permits.mint({ agentId, intentHash: 'intent', epoch: gate.epoch });

/** Calls `sign` as a caller without types. */
const signWith = ({ keystore }: Scene, ...values: unknown[]): Promise<unknown> =>
  codeOf(() => Reflect.apply(keystore.sign, keystore, values));

describe('a permit', () => {
  test('makes one signature, of the agent it was minted for', () =>
    withKeystore(async (scene) => {
      const [a, b] = [await solanaAgent(scene), await solanaAgent(scene)];
      const masterKey = await masterKeyOf(scene.directory, PASSWORD);
      for (const [agentId, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const permit = mint(scene, agentId);
        const signature = scene.keystore.sign(permit, MESSAGE);
        expect(await verifies(scene, masterKey, agentId, signature)).toBe(true);
        expect(await verifies(scene, masterKey, other, signature)).toBe(false);
        expect(await codeOf(() => scene.keystore.sign(permit, MESSAGE))).toBe('PERMIT_REFUSED');
        expect(await codeOf(() => scene.keystore.sign(permit, new Uint8Array([9])))).toBe('PERMIT_REFUSED');
      }
    }));

  test('cannot be forged, copied, derived or turned to another agent', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      const victim = await solanaAgent(scene);
      const genuine = mint(scene, agentId);
      class Subclass {
        readonly agentId = victim;
      }
      const derived = Object.create(genuine, { agentId: { value: victim } });
      const forgeries: unknown[] = [
        undefined,
        null,
        'permit',
        1n,
        Symbol('permit'),
        () => genuine,
        {},
        Object.freeze(Object.create(null)),
        { ...genuine },
        { agentId: victim, intentHash: 'intent', epoch: scene.gate.epoch },
        structuredClone(genuine),
        JSON.parse(JSON.stringify(genuine)),
        derived,
        Object.setPrototypeOf(new Subclass(), genuine),
        new Proxy(genuine, {}),
        [genuine],
        { permit: genuine },
        scene.permits,
        scene.gate,
      ];
      for (const forgery of forgeries) expect(await signWith(scene, forgery, MESSAGE)).toBe('PERMIT_REFUSED');
      // None of the attempts has used the genuine one up.
      expect(scene.keystore.sign(genuine, MESSAGE)).toHaveLength(64);
    }));

  test('says nothing and takes nothing', () =>
    withKeystore(async (scene) => {
      const permit = mint(scene, await solanaAgent(scene));
      expect(Reflect.ownKeys(permit)).toEqual([]);
      expect(Object.getPrototypeOf(permit)).toBeNull();
      expect(Object.isFrozen(permit)).toBe(true);
      expect(() => Object.assign(permit, { agentId: newAgentId() })).toThrow(TypeError);
    }));

  test('is bound to what was asked for at minting, not to what the request becomes', () =>
    withKeystore(async (scene) => {
      const [mine, victim] = [await solanaAgent(scene), await solanaAgent(scene)];
      const request = { agentId: mine, intentHash: 'intent', epoch: scene.gate.epoch };
      const permit = scene.permits.mint(request);
      request.agentId = victim;
      const masterKey = await masterKeyOf(scene.directory, PASSWORD);
      expect(await verifies(scene, masterKey, mine, scene.keystore.sign(permit, MESSAGE))).toBe(true);
    }));

  test('of another keystore is worth nothing, even on the same folder', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      const twin = keystoreAt(scene.directory);
      await twin.keystore.unlock(PASSWORD);
      twin.gate.open();
      const foreign = mint(twin, agentId);
      expect(await signWith(scene, foreign, MESSAGE)).toBe('PERMIT_REFUSED');
      expect(twin.keystore.sign(foreign, MESSAGE)).toHaveLength(64);
      twin.keystore.lock();
    }));

  test('is used up also when signing fails', () =>
    withKeystore(async (scene) => {
      const agent = ethereumKey();
      await scene.keystore.createKey(agent);
      const permit = mint(scene, agent.agentId);
      expect(await failureOf(() => scene.keystore.sign(permit, new Uint8Array(31)))).toBeInstanceOf(RangeError);
      expect(await signWith(scene, permit, new Uint8Array(32))).toBe('PERMIT_REFUSED');

      for (const bad of ['text', [1, 2], null, { length: 32 }, new ArrayBuffer(32)]) {
        const another = mint(scene, agent.agentId);
        expect(
          await failureOf(() => Reflect.apply(scene.keystore.sign, scene.keystore, [another, bad])),
        ).toBeInstanceOf(TypeError);
        expect(await signWith(scene, another, new Uint8Array(32))).toBe('PERMIT_REFUSED');
      }

      const nobody = mint(scene, newAgentId());
      expect(await signWith(scene, nobody, MESSAGE)).toBe('AGENT_NOT_FOUND');
      expect(await signWith(scene, nobody, MESSAGE)).toBe('PERMIT_REFUSED');
    }));

  test('needs an intent', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      expect(() => scene.permits.mint({ agentId, intentHash: '', epoch: scene.gate.epoch })).toThrow(TypeError);
      expect(() => Reflect.apply(scene.permits.mint, scene.permits, [{ agentId }])).toThrow(TypeError);
    }));

  test('does not outlive a lock', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      const permit = mint(scene, agentId);
      scene.keystore.lock();
      const mintedWhileLocked = mint(scene, agentId);
      expect(await signWith(scene, mintedWhileLocked, MESSAGE)).toBe('KEYSTORE_LOCKED');
      await scene.keystore.unlock(PASSWORD);
      expect(await signWith(scene, permit, MESSAGE)).toBe('PERMIT_REFUSED');
      expect(await signWith(scene, mintedWhileLocked, MESSAGE)).toBe('PERMIT_REFUSED');
      expect(scene.keystore.sign(mint(scene, agentId), MESSAGE)).toHaveLength(64);
    }));
});

describe('a permit that is taken back', () => {
  test('signs no more; taking it back again, or one that was used, changes nothing', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      const [revoked, used, other] = [mint(scene, agentId), mint(scene, agentId), mint(scene, agentId)];
      scene.keystore.sign(used, MESSAGE);
      for (const permit of [revoked, revoked, used]) scene.permits.revoke(permit);
      expect(await signWith(scene, revoked, MESSAGE)).toBe('PERMIT_REFUSED');
      expect(scene.keystore.sign(other, MESSAGE)).toHaveLength(64);
    }));
});

describe('the gate', () => {
  test('that was closed since the decision gives no permit, also when it is open again', () =>
    withKeystore(async ({ gate, permits }) => {
      const { epoch } = gate;
      const request = { agentId: newAgentId(), intentHash: 'h', epoch };
      gate.close();
      gate.open();
      expect(() => permits.mint(request)).toThrowError(expect.objectContaining({ code: 'SYSTEM_LOCKED' }));
      expect(() => permits.mint({ ...request, epoch: gate.epoch + 1 })).toThrowError(
        expect.objectContaining({ code: 'SYSTEM_LOCKED' }),
      );
      permits.mint({ ...request, epoch: gate.epoch });
    }));

  test('is closed until it is opened', () => {
    const { gate, permits } = keystoreAt('/nowhere');
    expect(gate.isOpen).toBe(false);
    expect(() => permits.mint({ agentId: newAgentId(), intentHash: 'h', epoch: gate.epoch })).toThrowError(
      expect.objectContaining({ code: 'SYSTEM_LOCKED' }),
    );
  });

  test('closing voids every permit for good; opening voids what was minted before', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      const [before, across] = [mint(scene, agentId), mint(scene, agentId)];
      scene.gate.close();
      expect(() => mint(scene, agentId)).toThrowError(expect.objectContaining({ code: 'SYSTEM_LOCKED' }));
      expect(await signWith(scene, before, MESSAGE)).toBe('SYSTEM_LOCKED');
      scene.gate.open();
      expect(await signWith(scene, across, MESSAGE)).toBe('SYSTEM_LOCKED');
      expect(await signWith(scene, before, MESSAGE)).toBe('PERMIT_REFUSED');
      const reopened = mint(scene, agentId);
      scene.gate.open();
      expect(await signWith(scene, reopened, MESSAGE)).toBe('SYSTEM_LOCKED');
      expect(scene.keystore.sign(mint(scene, agentId), MESSAGE)).toHaveLength(64);
    }));

  test('the epoch only moves on, with every switch', () => {
    const { gate } = keystoreAt('/nowhere');
    const epochs = [gate.epoch];
    for (const action of [gate.open, gate.open, gate.close, gate.close, gate.open]) {
      action();
      epochs.push(gate.epoch);
    }
    expect(new Set(epochs).size).toBe(epochs.length);
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
  });

  test('a message that closes the gate while it is read is not signed', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      class ClosingMessage extends Uint8Array {
        override valueOf(): this {
          scene.gate.close();
          return this;
        }
        override get length(): number {
          scene.gate.close();
          return super.length;
        }
      }
      expect(await signWith(scene, mint(scene, agentId), new ClosingMessage(3))).toBe('SYSTEM_LOCKED');
    }));

  test('a message that locks the keystore while it is read is not signed', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      class LockingMessage extends Uint8Array {
        override valueOf(): this {
          if (scene.keystore.isUnlocked) scene.keystore.lock();
          return this;
        }
      }
      expect(await signWith(scene, mint(scene, agentId), new LockingMessage(3))).toBe('KEYSTORE_LOCKED');
    }));

  test('under a storm of asynchronous signers nothing is signed after close returned', () =>
    withKeystore(async (scene) => {
      const agentId = await solanaAgent(scene);
      let closed = false;
      const late: unknown[] = [];
      let signed = 0;
      const signer = async (): Promise<void> => {
        for (let round = 0; round < 50; round += 1) {
          try {
            const permit = mint(scene, agentId);
            await Promise.resolve();
            const signature = scene.keystore.sign(permit, MESSAGE);
            signed += 1;
            if (closed) late.push(signature);
          } catch (error) {
            expect(error).toMatchObject({ code: 'SYSTEM_LOCKED' });
          }
          await Promise.resolve();
        }
      };
      const closer = async (): Promise<void> => {
        for (let wait = 0; wait < 60; wait += 1) await Promise.resolve();
        scene.gate.close();
        closed = true;
      };
      await Promise.all([...Array.from({ length: 32 }, signer), closer()]);
      expect(signed).toBeGreaterThan(0);
      expect(late).toEqual([]);
    }));
});

test('capabilities cannot be exchanged for others', () =>
  withKeystore(async (scene) => {
    for (const part of [scene.keystore, scene.permits, scene.gate, scene.keystore.sealer]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    const accept = { epoch: 0, isOpen: true };
    expect(() => Object.assign(scene.gate, accept)).toThrow(TypeError);
  }));

async function verifies(scene: Scene, masterKey: Buffer, agentId: AgentId, signature: Uint8Array): Promise<boolean> {
  const seed = await secretOf(scene.directory, masterKey, agentId);
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return verify(
    null,
    MESSAGE,
    createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })),
    signature,
  );
}

type Step =
  | { readonly do: 'mint' | 'sign'; readonly agent: number; readonly permit: number }
  | { readonly do: 'open' | 'close' };

test(
  'property: a signature comes out exactly when an unused permit of this epoch goes in',
  () =>
    withKeystore(async (scene) => {
      const agents = [await solanaAgent(scene), await solanaAgent(scene)];
      const step: fc.Arbitrary<Step> = fc.oneof(
        {
          weight: 8,
          arbitrary: fc.record({ do: fc.constantFrom('mint', 'sign'), agent: fc.nat(1), permit: fc.nat(9) }),
        },
        { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('open', 'close') }) },
      );
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          scene.gate.open();
          // The model: all it knows is a list of permits and whether each may still be used.
          let isOpen = true;
          const minted: { permit: SigningPermit; agent: number; usable: boolean }[] = [];
          const signatures = agents.map((agentId) =>
            Buffer.from(scene.keystore.sign(mint(scene, agentId), MESSAGE)).toString('hex'),
          );
          for (const action of steps) {
            if (action.do === 'open' || action.do === 'close') {
              scene.gate[action.do]();
              isOpen = action.do === 'open';
              for (const entry of minted) entry.usable = false;
            } else if (action.do === 'mint') {
              const agentId = agents[action.agent] ?? newAgentId();
              if (isOpen) minted.push({ permit: mint(scene, agentId), agent: action.agent, usable: true });
              else expect(() => mint(scene, agentId)).toThrow();
            } else if (action.do === 'sign') {
              const entry = minted[action.permit];
              if (entry === undefined) continue;
              if (entry.usable) {
                const signature = Buffer.from(scene.keystore.sign(entry.permit, MESSAGE)).toString('hex');
                expect(signature).toBe(signatures[entry.agent]);
              } else expect(() => scene.keystore.sign(entry.permit, MESSAGE)).toThrow();
              entry.usable = false;
            }
          }
        }),
        { numRuns: 500 },
      );
    }),
  60_000,
);
