import { type ErrorCode, errorCodes } from '#shared/contract/errors.ts';
import { errorBody } from '#shared/schemas/errors.ts';
import { type Operation, refusesAlways, refusesBodies, tags } from './operation.ts';
import { type JsonSchema, SchemaBook } from './schema-book.ts';

export const apiVersion = '0.1.0';

type Reference = { readonly $ref: string };

export type ApiParameter = {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
};

export type ApiContent = { readonly 'application/json': { readonly schema: JsonSchema } };

export type ApiResponse = {
  readonly description: string;
  readonly headers?: Readonly<
    Record<string, Reference | { readonly description: string; readonly schema: JsonSchema }>
  >;
  readonly content: ApiContent;
};

export type ApiOperation = {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly parameters: readonly ApiParameter[];
  readonly requestBody?: { readonly required: true; readonly content: ApiContent };
  /** By status. */
  readonly responses: Readonly<Record<string, ApiResponse | Reference>>;
};

/** An OpenAPI 3.1 document, as far as we write it. */
export type OpenApiDocument = {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** By path and method. */
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<ErrorCode, ApiResponse>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
};

/** Describes the routes of a service, or of several: nothing is in it that no route's own entry says. */
export function openApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const book = new SchemaBook();
  const paths: Record<string, Record<string, ApiOperation>> = {};
  for (const operation of operations) {
    const path = operation.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: describe(operation, book) };
  }
  const errorSchema = book.written(errorBody);
  const used = new Set(operations.map(({ tag }) => tag));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Sonixy Realtime',
      version: apiVersion,
      description: 'Notifications and chat. Answers may hold more fields than are named here: ignore those.',
    },
    servers: [{ url: '/' }],
    tags: Object.entries(tags).flatMap(([name, description]) =>
      used.has(name as keyof typeof tags) ? [{ name, description }] : [],
    ),
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: book.named,
      responses: Object.fromEntries(
        Object.keys(errorCodes).map((code) => [code, refusal(code as ErrorCode, errorSchema)]),
      ) as Record<ErrorCode, ApiResponse>,
      headers,
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The token of the signed-in user.',
        },
      },
    },
  };
}

const headers = {
  'X-Correlation-Id': { description: 'The id that our logs share with this answer.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': { description: 'Always `Bearer`.', schema: { type: 'string' } },
} as const;

const correlated = { 'X-Correlation-Id': { $ref: '#/components/headers/X-Correlation-Id' } };

function describe(operation: Operation, book: SchemaBook): ApiOperation {
  const { name, tag, summary, body, answers } = operation;
  return {
    operationId: name,
    tags: [tag],
    summary,
    parameters: [...parameters('path', operation.params, book), ...parameters('query', operation.query, book)],
    ...(body ? { requestBody: { required: true, content: json(book.written(body)) } } : {}),
    responses: {
      ...Object.fromEntries(
        Object.entries(answers).map(([status, schema]) => [
          status,
          {
            description: status === '201' ? 'It is made.' : 'It is done.',
            headers: { ...correlated, ...ownHeaders(operation.headers) },
            content: json(book.written(schema)),
          },
        ]),
      ),
      ...Object.fromEntries(
        [...refusesAlways, ...operation.refuses, ...(body ? refusesBodies : [])].map((code) => [
          errorCodes[code].status,
          { $ref: `#/components/responses/${code}` },
        ]),
      ),
    },
  };
}

function parameters(place: 'path' | 'query', schema: Operation['query'], book: SchemaBook): ApiParameter[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => {
    const { description, ...rest } = book.understood(field);
    return {
      name,
      in: place,
      required: place === 'path' || !field.safeParse(undefined).success,
      ...(typeof description === 'string' ? { description } : {}),
      schema: rest,
    };
  });
}

function ownHeaders(texts: Operation['headers']): Record<string, { description: string; schema: JsonSchema }> {
  const entries = Object.entries(texts ?? {});
  return Object.fromEntries(entries.map(([name, description]) => [name, { description, schema: { type: 'string' } }]));
}

function refusal(code: ErrorCode, schema: JsonSchema): ApiResponse {
  return {
    description: `\`${code}\`${errorCodes[code].retryable ? ': the same call may succeed later' : ''}`,
    headers: {
      ...correlated,
      ...(errorCodes[code].retryable ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } : {}),
      ...(code === 'unauthorized' ? { 'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' } } : {}),
    },
    content: json(schema),
  };
}

function json(schema: JsonSchema): ApiContent {
  return { 'application/json': { schema } };
}
