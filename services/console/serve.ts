import type { Request, RequestHandler } from 'express';
import type { Page } from './build.ts';

/** Serves the page's files to GET and HEAD; any other request goes on. Nothing inline and nothing foreign runs in it. */
export function servePage(page: Page): RequestHandler {
  return (request, response, next) => {
    const file = page.get(request.path);
    if (!file || (request.method !== 'GET' && request.method !== 'HEAD')) {
      next();
      return;
    }
    response.set({
      'Content-Type': file.contentType,
      'Content-Security-Policy': contentSecurityPolicy(request),
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': request.path === '/' ? 'no-cache' : 'public, max-age=31536000, immutable',
      ETag: file.etag,
    });
    if (request.fresh) response.status(304).end();
    else response.send(file.body);
  };
}

const plainHost = /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:]+\](:\d{1,5})?$/i;

function contentSecurityPolicy(request: Request): string {
  const host = request.headers.host ?? '';
  // Older Safari does not count a WebSocket to the same host as 'self'.
  const sockets = plainHost.test(host) ? ` ws://${host} wss://${host}` : '';
  return [
    "default-src 'self'",
    `connect-src 'self'${sockets}`,
    // People's avatars live anywhere.
    "img-src 'self' http: https:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}
