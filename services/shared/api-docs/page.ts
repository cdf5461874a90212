import type { AsyncApiDocument } from './asyncapi-parts.ts';
import { type Html, html, prose } from './html.ts';
import type { ApiOperation, ApiResponse, OpenApiDocument } from './openapi.ts';
import type { JsonSchema } from './schema-book.ts';

/** Both documents as one page for people, without a script. */
export function renderPage(openApi: OpenApiDocument, asyncApi: AsyncApiDocument): string {
  const schemas = { ...asyncApi.components.schemas, ...openApi.components.schemas };
  const names = Object.keys(schemas).sort();
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${openApi.info.title}: API</title>
<link rel="stylesheet" href="api-docs.css">
</head>
<body>
<header>
<h1>${openApi.info.title} <small>${openApi.info.version}</small></h1>
<p>${prose(openApi.info.description)}</p>
<p><a href="openapi.json">OpenAPI 3.1</a>, <a href="asyncapi.json">AsyncAPI 3</a></p>
<nav>${openApi.tags.map(({ name }) => html`<a href="#${name}">${name}</a> `)}<a href="#live">live</a> <a href="#schemas">schemas</a></nav>
</header>
<main>
${openApi.tags.map((tag) => renderTag(tag, openApi))}
<section id="live"><h2>live</h2><p>${prose(asyncApi.info.description)}</p>${renderChannels(asyncApi)}</section>
<section id="schemas"><h2>schemas</h2>${names.map((name) => renderSchema(name, schemas[name] ?? {}))}</section>
</main>
</body>
</html>
`.markup;
}

function renderTag({ name, description }: OpenApiDocument['tags'][number], openApi: OpenApiDocument): Html {
  const operations = Object.entries(openApi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const own = operations.filter(({ operation }) => operation.tags.includes(name));
  return html`<section id="${name}"><h2>${name}</h2><p>${prose(description)}</p>
${own.map(({ path, method, operation }) => renderOperation(method, path, operation, openApi))}</section>
`;
}

function renderOperation(method: string, path: string, operation: ApiOperation, openApi: OpenApiDocument): Html {
  const { operationId, summary, parameters, requestBody, responses } = operation;
  return html`<details id="${operationId}">
<summary><b class="${method}">${method.toUpperCase()}</b> <code>${path}</code> <span>${prose(summary)}</span></summary>
${parameters.length === 0 ? '' : html`<table><caption>Parameters</caption>${parameters.map(renderParameter)}</table>`}
${requestBody ? html`<h3>Body</h3>${renderType(requestBody.content['application/json'].schema)}` : ''}
<table><caption>Answers</caption>${Object.entries(responses).map(([status, response]) => {
    const { description, content } = '$ref' in response ? named(response.$ref, openApi) : response;
    const { schema } = content['application/json'];
    return html`<tr><th>${status}</th><td>${prose(description)}</td><td>${renderType(schema)}</td></tr>
`;
  })}</table>
</details>
`;
}

function renderParameter({
  name,
  in: place,
  required,
  description = '',
  schema,
}: ApiOperation['parameters'][number]): Html {
  const { type, default: fallback } = schema;
  const kind = [String(type), required ? 'required' : '', fallback === undefined ? '' : `default ${fallback}`];
  return html`<tr><th>${name}</th><td>${place}, ${kind.filter(Boolean).join(', ')}</td><td>${prose(description)}</td></tr>
`;
}

function named(pointer: string, { components }: OpenApiDocument): ApiResponse {
  const [, response] = Object.entries(components.responses).find(([code]) => pointer.endsWith(`/${code}`)) ?? [];
  if (!response) throw new Error(`there is no ${pointer}`);
  return response;
}

function renderChannels({ channels, operations, components }: AsyncApiDocument): Html {
  return html`${Object.entries(channels).map(([key, { address, description }]) => {
    const own = Object.values(operations).filter(({ channel }) => channel.$ref === `#/channels/${key}`);
    const rows = own.map(({ action, summary, messages, reply }) => {
      const [message, answer] = [messages, reply?.messages].map((list) => components.messages[lastOf(list?.[0]?.$ref)]);
      const answered = answer ? html` → ${renderType(answer.payload)}` : '';
      const direction = action === 'send' ? 'from us' : 'to us';
      return html`<tr><th>${message?.name ?? ''}</th><td>${direction}</td><td>${prose(summary)}</td><td>${renderType(message?.payload ?? {})}${answered}</td></tr>
`;
    });
    return html`<details><summary><code>${address}</code> <span>${prose(description)}</span></summary><table>${rows}</table></details>
`;
  })}`;
}

function lastOf(pointer = ''): string {
  return pointer.split('/').at(-1) ?? '';
}

function renderSchema(name: string, { description, ...schema }: JsonSchema): Html {
  return html`<details id="schema-${name}"><summary><code>${name}</code> <span>${prose(String(description ?? ''))}</span></summary>
${renderJson(schema)}</details>
`;
}

/** A link where the type has a name. */
function renderType(schema: JsonSchema): Html {
  if (typeof schema['$ref'] === 'string') return link(schema['$ref']);
  const { items, anyOf } = schema as { items?: JsonSchema; anyOf?: readonly JsonSchema[] };
  if (schema['type'] === 'array' && items) return html`[${renderType(items)}${schema['maxItems'] === 1 ? '' : ' …'}]`;
  if (anyOf) return html`${anyOf.map((one, index) => html`${index === 0 ? '' : ' or '}${renderType(one)}`)}`;
  return schema['properties'] || schema['additionalProperties']
    ? renderJson(schema)
    : html`<code>${String(schema['type'])}</code>`;
}

function link(pointer: string): Html {
  const name = lastOf(pointer);
  return html`<a href="#schema-${name}"><code>${name}</code></a>`;
}

function renderJson(schema: JsonSchema): Html {
  const lines = JSON.stringify(schema, null, 2).split(/"\$ref": "([^"]+)"/);
  return html`<pre>${lines.map((text, index) => (index % 2 ? link(text) : html`${text}`))}</pre>`;
}
