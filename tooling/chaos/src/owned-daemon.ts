import type { OwnerAction } from '@waiaas/core';
import { z } from 'zod';
import { type DaemonProcess, type Harness, PASSWORD } from './harness.ts';
import {
  headerOf,
  messageBy,
  type OwnerRequest,
  type OwnerWallet,
  rawBodyOf,
  resourceOf,
  statementOf,
} from './owner-wallet.ts';

/** What the daemon answered. */
export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends a request with whatever headers are given, and nothing else. */
export async function ask(
  daemon: DaemonProcess,
  request: OwnerRequest,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const body = rawBodyOf(request);
  const response = await fetch(daemon.url + request.path, {
    method: request.method,
    headers: { ...headers, ...(body === '' ? {} : { 'content-type': 'application/json' }) },
    ...(body === '' ? {} : { body }),
  });
  const answer = z.record(z.string(), z.unknown()).parse(await response.json());
  return { status: response.status, code: answer.code === undefined ? undefined : String(answer.code), body: answer };
}

/** A daemon with an owner, and ways to speak to it as the owner or as somebody who would like to be. */
export interface OwnedDaemon {
  readonly dataDir: string;
  readonly daemon: DaemonProcess;
  /** Host and port, as messages name it. */
  readonly domain: string;
  /** The daemon's time, epoch milliseconds. */
  now(): number;
  /** Sets the daemon's clock forward. */
  advance(seconds: number): Promise<void>;
  nonce(): Promise<string>;
  ask(request: OwnerRequest, headers: Readonly<Record<string, string>>): Promise<Answer>;
  /** The message for a request, every field of which may be forged. */
  compose(action: OwnerAction, request: OwnerRequest, over?: object, by?: OwnerWallet): Promise<string>;
  /** The header for a message, stamped with the daemon's time unless `changes` say otherwise. */
  header(action: OwnerAction, message: string, changes?: Readonly<Record<string, unknown>>, by?: OwnerWallet): string;
  /** Sends a request with the wallet's signature over it. */
  signed(action: OwnerAction, request: OwnerRequest, by?: OwnerWallet): Promise<Answer>;
  connect(by?: OwnerWallet): Promise<Answer>;
}

/** Starts a daemon for an owner who is not connected yet. */
export async function startOwnedDaemon(
  harness: Harness,
  wallet: OwnerWallet,
  env: Readonly<Record<string, string>> = {},
): Promise<OwnedDaemon> {
  const dataDir = await harness.createDataDir('nonce_cache_max = 10000\n');
  const daemon = await harness.start(dataDir, env);
  const domain = new URL(daemon.url).host;
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const nonce = async (): Promise<string> =>
    z.object({ nonce: z.string() }).parse(await (await fetch(`${daemon.url}/v1/nonce`)).json()).nonce;
  const compose: OwnedDaemon['compose'] = async (action, request, over = {}, by = wallet) =>
    messageBy(
      by,
      { domain, nonce: await nonce(), statement: statementOf(action), resource: resourceOf(request), ...over },
      now(),
    );
  const header: OwnedDaemon['header'] = (action, message, changes = {}, by = wallet) =>
    headerOf(by, action, message, { timestamp: new Date(now()).toISOString(), ...changes });
  const signed: OwnedDaemon['signed'] = async (action, request, by = wallet) =>
    ask(daemon, request, { authorization: header(action, await compose(action, request, {}, by), {}, by) });
  return {
    dataDir,
    daemon,
    domain,
    now,
    async advance(seconds) {
      await daemon.advance(seconds);
      ahead += seconds * 1000;
    },
    nonce,
    ask: (request, headers) => ask(daemon, request, headers),
    compose,
    header,
    signed,
    async connect(by = wallet) {
      const request = { method: 'POST', path: '/v1/owner/connect', body: { address: by.address, chain: by.chain } };
      const authorization = header('connect_owner', await compose('connect_owner', request, {}, by), {}, by);
      return ask(daemon, request, { authorization, 'x-master-password': PASSWORD });
    },
  };
}
