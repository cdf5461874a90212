import express, { type RequestHandler } from 'express';
import { PlatformError } from '#shared/contract/errors.ts';
import { checkJson } from './json-limits.ts';

/** Parses JSON bodies into `request.body`. Any other body is 415; compressed ones too, since they grow past the limit. */
export function jsonBody(limitBytes: number): RequestHandler[] {
  return [
    (request, _response, next) => {
      const { headers } = request;
      const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
      if (hasBody && !request.is('application/json')) {
        throw new PlatformError('unsupported_media_type', 'the body must be application/json');
      }
      next();
    },
    express.json({ limit: limitBytes, inflate: false }),
    (request, _response, next) => {
      checkJson(request.body);
      next();
    },
  ];
}
