import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PlatformError } from '#shared/contract/errors.ts';
import type { AsyncApiDocument } from './asyncapi-parts.ts';
import type { OpenApiDocument } from './openapi.ts';
import { renderPage } from './page.ts';
import { stylesheet } from './stylesheet.ts';

/** What documents and the page are served at. */
export const apiDocPaths = {
  openApi: '/openapi.json',
  asyncApi: '/asyncapi.json',
  page: '/api-docs',
  stylesheet: '/api-docs.css',
} as const;

/**
 * Answers a request for one of `apiDocPaths`; false for any other. Everybody may read them.
 *
 * @throws PlatformError `method_not_allowed`
 */
export type ApiDocs = (request: IncomingMessage, response: ServerResponse) => boolean;

type File = { readonly contentType: string; readonly body: Buffer; readonly etag: string };

export function createApiDocs(openApi: OpenApiDocument, asyncApi: AsyncApiDocument): ApiDocs {
  const json = 'application/json; charset=utf-8';
  const files = new Map([
    [apiDocPaths.openApi, toFile(json, JSON.stringify(openApi))],
    [apiDocPaths.asyncApi, toFile(json, JSON.stringify(asyncApi))],
    [apiDocPaths.page, toFile('text/html; charset=utf-8', renderPage(openApi, asyncApi))],
    [apiDocPaths.stylesheet, toFile('text/css; charset=utf-8', stylesheet)],
  ] as [string, File][]);
  return (request, response) => {
    const file = files.get((request.url ?? '').split('?', 1)[0] ?? '');
    if (!file) return false;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      throw new PlatformError('method_not_allowed', 'this path takes GET, HEAD');
    }
    answer(request, response, file);
    return true;
  };
}

function toFile(contentType: string, text: string): File {
  const body = Buffer.from(text);
  return { contentType, body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

// The page has no script: nothing runs in it, and nothing foreign is loaded.
const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

function answer(request: IncomingMessage, response: ServerResponse, { contentType, body, etag }: File): void {
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Security-Policy', contentSecurityPolicy);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  response.setHeader('Content-Length', body.length);
  response.writeHead(200).end(request.method === 'HEAD' ? undefined : body);
}
