import { BlockList, isIPv6 } from 'node:net';
import { WaiaasError } from '@waiaas/core';
import type { FastifyInstance } from 'fastify';
import type { RouteDependencies } from './route-dependencies.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a peer is on this machine. A peer without an address is not known to be. */
export const isLoopback = (address: string | undefined): boolean =>
  address !== undefined && loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/** By these a proxy says for whom it asks: then it is somebody else who asks, from wherever. */
const FORWARDED = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/**
 * Figures for monitoring (00 §3). Nobody signs in for them, so they are for this machine only, also where the daemon
 * listens on every address. No part of the API document: what reads them needs no client.
 */
export function metricsRoutes(scope: FastifyInstance, { services }: RouteDependencies): void {
  scope.get('/metrics', { config: { auth: 'public' }, schema: { hide: true } }, async (request, reply) => {
    const isForwarded = FORWARDED.some((name) => request.headers[name] !== undefined);
    if (isForwarded || !isLoopback(request.socket.remoteAddress)) throw new WaiaasError('LOOPBACK_ONLY');
    const { contentType, text } = await services.metrics.read();
    return reply.type(contentType).send(text);
  });
}
