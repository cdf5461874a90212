import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { type SimulatedPod, SimulatedSet } from './pod.fixture.ts';

vi.setConfig({ testTimeout: 600_000 });

let set: SimulatedSet;
let pods: [SimulatedPod, SimulatedPod, SimulatedPod];
let cleanUp: AsyncDisposableStack;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  set = cleanUp.use(await SimulatedSet.create());
  pods = [await set.newPod(), await set.newPod(), await set.newPod()];
});
afterEach(() => cleanUp.disposeAsync());

async function hostsOf(pod: SimulatedPod): Promise<string[]> {
  const client = await pod.client('admin');
  try {
    const { config } = await client.db('admin').command({ replSetGetConfig: 1 });
    return (config.members as { host: string }[]).map(({ host }) => host);
  } finally {
    await client.close();
  }
}

async function rowsOf(pod: SimulatedPod): Promise<number> {
  const client = await pod.client('chat');
  try {
    return await client.db('sonixy_chat').collection('rows').countDocuments();
  } finally {
    await client.close();
  }
}

async function insertRow(pod: SimulatedPod): Promise<void> {
  const client = await pod.client('chat');
  try {
    await client
      .db('sonixy_chat')
      .collection('rows')
      .insertOne({}, { writeConcern: { w: 'majority' } });
  } finally {
    await client.close();
  }
}

// MongoDev copies users and configuration to the other members, no rows: those are MongoDB's own business.
describeWithServer('mongodev', 'a set of three members', () => {
  test('is initiated by the first one when all answer; a client that knows one member finds the primary', async () => {
    const [first, second, third] = pods;
    for (const pod of [third, second, first]) await pod.startSidecar(pods);
    await third.startMongod();
    await first.startMongod();
    await first.says('quorum check failed');
    await third.says(`waiting to be taken into the set by ${first.host}`);
    expect(await first.readiness()).toMatchObject({ ready: false, member: 'unconfigured' });

    await second.startMongod();
    for (const pod of pods) await pod.becomesReady();

    expect(await Promise.all(pods.map(async (pod) => (await pod.readiness()).member))).toEqual([
      'primary',
      'secondary',
      'secondary',
    ]);
    expect(await hostsOf(third)).toEqual(pods.map(({ host }) => host));
    await insertRow(third);
    expect(await rowsOf(second)).toBe(1);
    for (const pod of [second, third]) expect(pod.sidecar.output()).not.toMatch(/initiated|mended|added/);
  });

  test('grows out of a set of one, member by member, and keeps its rows', async () => {
    const [first, second, third] = pods;
    await first.start([first]);
    await first.becomesReady();
    await insertRow(first);

    await first.startSidecar(pods);
    await first.becomesReady();
    await second.start(pods);
    await third.start(pods);
    for (const pod of pods) await pod.becomesReady();

    await first.says(`"host":"${third.host}`);
    expect(await hostsOf(second)).toEqual(pods.map(({ host }) => host));
    expect(first.sidecar.output().match(/a member is added to the set/g)).toHaveLength(2);
    expect(await rowsOf(third)).toBe(1);
  });

  test('is not made a second time by a first member that lost its volume', async () => {
    const [first, second, third] = pods;
    for (const pod of pods) await pod.start(pods);
    for (const pod of pods) await pod.becomesReady();
    await first.mongod.kill();
    await rm(first.dataFolder, { recursive: true });
    await first.startMongod();
    await first.startSidecar(pods);

    await first.says('has data already');
    expect(await first.readiness()).toMatchObject({ ready: false, member: 'unconfigured' });
    for (const pod of [second, third]) expect((await pod.readiness()).member).toBe('secondary');
  });
});
