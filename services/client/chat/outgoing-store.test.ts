import { expect, it } from 'vitest';
import { localStorageOutgoingStore } from './local-storage-outgoing-store.ts';
import { memoryStorage } from './memory-storage.fixture.ts';
import { describeOutgoingStore, outgoing } from './outgoing-store.contract.ts';
import { memoryOutgoingStore } from './outgoing-store.ts';

describeOutgoingStore('in memory', memoryOutgoingStore);
describeOutgoingStore('in local storage', () => localStorageOutgoingStore({ user: 'alice', storage: memoryStorage() }));

it('local storage keeps users apart, passes over what is none of ours, and forgets at sign-out', async () => {
  const storage = memoryStorage();
  storage.setItem('sonixy.outgoing.alice.broken', '{"order":1,"message":{}}');
  storage.setItem('theme', 'dark');
  const [alice, bob] = ['alice', 'bob'].map((user) => localStorageOutgoingStore({ user, storage }));
  await alice?.put(outgoing('1'));
  expect(await bob?.all()).toEqual([]);
  expect(await localStorageOutgoingStore({ user: 'alice', storage }).all()).toEqual([outgoing('1')]);
  alice?.clear();
  expect(await alice?.all()).toEqual([]);
  expect(storage.getItem('theme')).toBe('dark');
});
