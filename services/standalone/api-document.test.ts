import { readFile } from 'node:fs/promises';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { routes as chat } from '#services/chat/http/routes.ts';
import { routes as notification } from '#services/notification/http/routes.ts';
import { apiVersion } from '#shared/api-docs/openapi.ts';
import { errorCodes } from '#shared/contract/errors.ts';
import { platformDocument } from './api-document.ts';

const document = platformDocument();
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ key: `${method} ${path}`, operation })),
);

/** A copy that the validator may lay hands on. */
function copy(): Record<string, unknown> {
  return JSON.parse(JSON.stringify(document));
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1', async () => {
    expect(await new Validator().validate(copy())).toEqual({ valid: true });
    const { info: _info, ...lacking } = copy();
    expect(await new Validator().validate(lacking)).toMatchObject({ valid: false });
  });

  it('has every route of both services, and nothing else', () => {
    const routes = [...notification, ...chat].map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(operations.map(({ key }) => key).sort()).toEqual(routes.sort());
    expect(routes.length).toBeGreaterThan(20);
  });

  it('names each operation once', () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([...notification, ...chat])('describes the whole path of $method $path', ({ path, params }) => {
    expect(Object.keys(params?.shape ?? {})).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
  });

  it.each(operations)('says how $key refuses', ({ operation }) => {
    const codes = Object.values(errorCodes).map(({ status }) => String(status));
    const refusals = Object.keys(operation.responses).filter((status) => codes.includes(status));
    const always = ['400', '401', '429', '500', '503'];
    const bodies = operation.requestBody ? ['413', '415'] : [];
    expect(refusals).toEqual(expect.arrayContaining([...always, ...bodies]));
    expect(Object.keys(operation.responses)).toEqual(expect.arrayContaining([expect.stringMatching(/^20[01]$/)]));
  });

  it('refers to nothing that it lacks', () => {
    expect(danglingReferences(document)).toEqual([]);
    expect(danglingReferences({ a: { $ref: '#/b' } })).toEqual(['#/b']);
  });

  it('gives examples that are as it says, one for each body', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const { components } = document;
    for (const [name, schema] of Object.entries(components.schemas)) {
      for (const example of (schema['examples'] ?? []) as unknown[]) {
        expect([name, ajv.validate({ components, ...schema }, example), ajv.errorsText()]).toEqual([
          name,
          true,
          'No errors',
        ]);
      }
    }
    for (const { key, operation } of operations) {
      if (!operation.requestBody) continue;
      const { $ref } = operation.requestBody.content['application/json'].schema;
      const schema = components.schemas[String($ref).replace('#/components/schemas/', '')];
      expect([key, schema?.['examples']]).toEqual([key, [expect.any(Object)]]);
    }
  });

  it('is what the gateway serves: `node services/standalone/write-api-document.ts` after a change', async () => {
    const file = new URL('../gateway/openapi.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(copy());
  });

  it('bears the version of the platform', async () => {
    const file = new URL('../../package.json', import.meta.url);
    expect(apiVersion).toBe(JSON.parse(await readFile(file, 'utf8')).version);
  });
});

function danglingReferences(root: object): string[] {
  const dangling: string[] = [];
  JSON.stringify(root, (key, value) => {
    if (key === '$ref' && !find(root, value)) dangling.push(value);
    return value;
  });
  return dangling;
}

function find(root: object, pointer: string): unknown {
  let place: unknown = root;
  for (const part of pointer.slice(2).split('/')) place = (place as Record<string, unknown> | undefined)?.[part];
  return place;
}
