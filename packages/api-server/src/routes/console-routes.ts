import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { routeNotFound } from '../hooks/not-found.ts';
import type { ConsoleFile } from '../ports/console-file.ts';

/** What the console may do: load its own files and talk to this daemon. No inline script, no other origin, no frame. */
export const CONSOLE_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = 'index.html';
/** Where the build puts the files that are named for their content. */
const HASHED = 'assets/';

/**
 * The console, a page and its files, below `/console` and nowhere else. A path that is no file is one of the page's own
 * views; a file that is not there is not found, so that no script can be mistaken for a page. Files are looked up in the
 * list made at the start, never in the file system: no path leads out of it.
 */
export function consoleRoutes(scope: FastifyInstance, files: ReadonlyMap<string, ConsoleFile>): void {
  const options = { config: { auth: 'public' }, schema: { hide: true } } as const;

  async function serve(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): Promise<FastifyReply> {
    const gzip = file.hasGzip && acceptsGzip(request.headers['accept-encoding']);
    reply.headers({
      'content-type': file.contentType,
      'content-security-policy': CONSOLE_SECURITY_POLICY,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), microphone=(), geolocation=()',
      vary: 'Origin, Accept-Encoding',
      ...(file.isHashed ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    });
    return reply.send(Buffer.from(await file.read(gzip ? 'gzip' : 'identity')));
  }

  const page = files.get(PAGE);
  if (page === undefined) throw new TypeError(`The console has no ${PAGE}`);

  // Relative links of the page need the slash.
  scope.get('/console', options, (_request, reply) => reply.redirect('/console/', 308));
  scope.get('/console/*', options, async (request, reply) => {
    const { params } = request;
    const path = typeof params === 'object' && params !== null && '*' in params ? String(params['*']) : '';
    const file = files.get(path);
    if (file !== undefined) return serve(request, reply, file);
    if (path.startsWith(HASHED) || /\.[a-z0-9]+$/i.test(path)) throw routeNotFound(request);
    return serve(request, reply, page);
  });
}

/** Whether a client takes gzip: named, and not with a weight of nothing (RFC 9110 §12.5.3). */
const acceptsGzip = (header: string | readonly string[] | undefined): boolean =>
  String(header ?? '')
    .split(',')
    .some((part) => {
      const [coding, weight] = part.split(';').map((piece) => piece.trim().toLowerCase());
      return coding === 'gzip' && !/^q=0(?:\.0*)?$/.test(weight ?? '');
    });
