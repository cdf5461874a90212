import { type ErrorCode, errorCodes } from '#shared/contract/errors.ts';
import type { ApiOperation, ApiResponse, OpenApiDocument } from './openapi.ts';
import { closed, validators } from './validators.fixture.ts';

/** One request and its answer, as they were on the wire. */
export type Exchange = {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** JSON as it was sent. */
  readonly sent?: unknown;
  readonly status: number;
  readonly headers: Headers;
  /** JSON as it came. */
  readonly body: unknown;
};

/** @throws Error that says where the exchange is not as the document says */
export type DocumentCheck = (exchange: Exchange) => void;

/**
 * Holds exchanges to a document. Answers are held to more than clients may rely on: a field, a header or a status that
 * the document does not name is an error here. What the document refuses must not be accepted; what is refused may
 * be refused for reasons that no schema can say.
 */
export function createDocumentCheck(document: OpenApiDocument): DocumentCheck {
  const answers = validators(closed(document.components));
  const requests = validators(document.components);
  const queries = validators(document.components, { coerceTypes: true });
  const paths = Object.entries(document.paths).map(([path, operations]) => ({ pattern: toPattern(path), operations }));

  function findOperation({ method, path }: Exchange): ApiOperation | undefined {
    const plain = path.split('?', 1)[0] ?? '';
    const fitting = paths.filter(({ pattern }) => pattern.test(plain));
    return fitting.map(({ operations }) => operations[method.toLowerCase()]).find((operation) => operation);
  }

  function checkAnswer({ status, headers, body }: Exchange, { responses }: ApiOperation): void {
    const named = responses[status];
    if (!named) throw new Error(`the document knows no answer ${status}`);
    const response = '$ref' in named ? responseOf(named.$ref, document) : named;
    answers(closed(response.content['application/json'].schema), body, 'the answer');
    for (const [name] of headers) {
      if (!name.startsWith('x-') || name === 'x-content-type-options') continue;
      const known = Object.keys(response.headers ?? {}).some((candidate) => candidate.toLowerCase() === name);
      if (!known) throw new Error(`the document knows no header ${name} here`);
    }
  }

  function checkAccepted({ path, sent }: Exchange, { requestBody, parameters }: ApiOperation): void {
    if (requestBody) requests(requestBody.content['application/json'].schema, sent, 'the body');
    for (const [name, value] of new URL(path, 'http://any').searchParams) {
      const known = parameters.find((parameter) => parameter.in === 'query' && parameter.name === name);
      // An empty value is an absent one, and `TRUE` is `true`: more than the document promises.
      if (known && value !== '')
        queries(known.schema, /^(true|false)$/i.test(value) ? value.toLowerCase() : value, name);
    }
  }

  return (exchange) => {
    const { method, path, status, body } = exchange;
    // A preflight is the browser's business.
    if (method === 'OPTIONS') return;
    try {
      const operation = findOperation(exchange);
      if (status >= 400) checkRefusal(exchange);
      if (operation && !refusedBeforeRouting.has(status)) checkAnswer(exchange, operation);
      else if (status < 400) throw new Error(operation ? 'no answer' : 'the document knows no such operation');
      else answers({ $ref: '#/components/schemas/Error' }, body, 'the answer');
      if (operation && status < 300) checkAccepted(exchange, operation);
    } catch (cause) {
      throw new Error(`${method} ${path} → ${status}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  };
}

/** Bodies are looked at before anybody knows whether the route takes one. */
const refusedBeforeRouting = new Set([413, 415]);

function checkRefusal({ status, body }: Exchange): void {
  const { code } = body as { code: ErrorCode };
  if (errorCodes[code]?.status !== status) throw new Error(`the code ${code} is none of ${status}`);
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}/?$`, 'i');
}

function responseOf(pointer: string, { components }: OpenApiDocument): ApiResponse {
  const response = components.responses[pointer.replace('#/components/responses/', '') as ErrorCode];
  if (!response) throw new Error(`there is no ${pointer}`);
  return response;
}
