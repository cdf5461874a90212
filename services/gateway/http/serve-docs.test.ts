import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { apiDocPaths, createApiDocs } from '#shared/api-docs/serve-api-docs.ts';
import { listedOrigin, startGateway } from '../gateway.fixture.ts';

const openApi = JSON.parse(await readFile(new URL('../openapi.json', import.meta.url), 'utf8'));

it('serves the documents to everybody, listed origins included', async () => {
  await using gateway = await startGateway({ docs: createApiDocs(openApi, asyncApiDocument()) });
  const answer = await fetch(gateway.url + apiDocPaths.openApi, { headers: { origin: listedOrigin } });
  expect(await answer.json()).toEqual(openApi);
  expect(answer.headers.get('access-control-allow-origin')).toBe(listedOrigin);
  expect(await (await fetch(gateway.url + apiDocPaths.asyncApi)).json()).toMatchObject({ asyncapi: '3.0.0' });
  expect((await fetch(gateway.url + apiDocPaths.page)).headers.get('content-security-policy')).toContain("'none'");
  const posted = await fetch(gateway.url + apiDocPaths.page, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

it('routes nothing more for that, and serves none where there are none', async () => {
  await using gateway = await startGateway({ docs: createApiDocs(openApi, asyncApiDocument()) });
  expect((await fetch(`${gateway.url}/openapi.json/x`)).status).toBe(404);
  await using without = await startGateway({});
  expect((await fetch(without.url + apiDocPaths.openApi)).status).toBe(404);
});
