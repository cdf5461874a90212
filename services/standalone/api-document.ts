import { routes as chat } from '#services/chat/http/routes.ts';
import { routes as notification } from '#services/notification/http/routes.ts';
import { type OpenApiDocument, openApiDocument } from '#shared/api-docs/openapi.ts';

/** REST of the whole platform. */
export function platformDocument(): OpenApiDocument {
  return openApiDocument([...notification, ...chat]);
}
