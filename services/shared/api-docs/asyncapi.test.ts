import { readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { clientMethods, exchanges, hubPaths, serverMethods, socketIoPath } from '#shared/contract/names.ts';
import { parseUserInteractionEvent, targetTypes, userActionTypes } from '#shared/contract/user-interaction-event.ts';
import { userInteractionEvent } from '#shared/schemas/events.ts';
import { asyncApiDocument } from './asyncapi.ts';

const document = asyncApiDocument();
let isAsyncApi: (value: unknown) => boolean;

beforeAll(async () => {
  const file = new URL(import.meta.resolve('@asyncapi/specs/schemas/3.0.0.json'));
  // The file brings the schema of schemas along.
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false });
  isAsyncApi = ajv.compile(JSON.parse(await readFile(file, 'utf8')));
});

function channelAt(address: string) {
  return Object.values(document.channels).find((channel) => channel.address === address);
}

function follow(pointer: string): unknown {
  let place: unknown = document;
  for (const part of pointer.slice(2).split('/')) place = (place as Record<string, unknown> | undefined)?.[part];
  return place;
}

describe('the AsyncAPI document', () => {
  it('is AsyncAPI 3', () => {
    expect(isAsyncApi(JSON.parse(JSON.stringify(document)))).toBe(true);
    expect(isAsyncApi({ ...document, info: {} })).toBe(false);
    expect(isAsyncApi({ ...document, operations: { x: { action: 'shout' } } })).toBe(false);
  });

  it('has a channel for each exchange, both hubs and socket.io, and no other', () => {
    const addresses = [...Object.values(exchanges), ...Object.values(hubPaths), socketIoPath];
    expect(
      Object.values(document.channels)
        .map(({ address }) => address)
        .sort(),
    ).toEqual(addresses.sort());
  });

  it('has every method of the contract over socket.io and on one hub, in its direction', () => {
    const hubs = Object.values(hubPaths).map(channelAt);
    for (const [names, action] of [
      [Object.values(clientMethods), 'send'],
      [Object.values(serverMethods), 'receive'],
    ] as const) {
      for (const name of names) {
        expect([name, channelAt(socketIoPath)?.messages[name] !== undefined]).toEqual([name, true]);
        expect([name, hubs.filter((hub) => hub?.messages[name]).length]).toEqual([name, 1]);
        const operations = Object.entries(document.operations).filter(([key]) => key.endsWith(`_${name}`));
        expect([name, operations.map(([, operation]) => operation.action)]).toEqual([name, [action, action]]);
      }
    }
  });

  it('refers to nothing that it lacks', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, pointer]) => pointer ?? '');
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((pointer) => follow(pointer) === undefined)).toEqual([]);
    expect(follow('#/components/schemas/Nonsense')).toBeUndefined();
  });

  it('calls a like what the service reads as one, by ordinal and by name', () => {
    const like = { userId: 'bob', targetId: 'post-1', targetUserId: 'alice' };
    for (const [action, actionType] of userActionTypes.entries()) {
      for (const [target, targetType] of targetTypes.entries()) {
        for (const payload of [
          { ...like, actionType: action, targetType: target },
          { ...like, actionType, targetType },
        ]) {
          expect(userInteractionEvent.safeParse(payload).success).toBe(true);
          expect(parseUserInteractionEvent(payload)).toMatchObject({ actionType, targetType });
        }
      }
    }
    for (const change of [{ actionType: 99 }, { targetType: 'Planet' }, { userId: '' }, { targetId: 5 }]) {
      const payload = { ...like, actionType: 2, targetType: 0, ...change };
      expect(userInteractionEvent.safeParse(payload).success).toBe(false);
      expect(() => parseUserInteractionEvent(payload)).toThrow();
    }
  });
});
