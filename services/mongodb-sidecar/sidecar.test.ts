import { MongoServerError } from 'mongodb';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { MongoMember } from './member/mongo-member.ts';
import { type SimulatedPod, SimulatedSet } from './pod.fixture.ts';
import { type MongoUser, rolesOf } from './users/users.ts';

vi.setConfig({ testTimeout: 600_000 });

let set: SimulatedSet;
let cleanUp: AsyncDisposableStack;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  set = cleanUp.use(await SimulatedSet.create());
});
afterEach(() => cleanUp.disposeAsync());

/** Runs as a user; the code of a refusal, or `done`. */
async function as(
  pod: SimulatedPod,
  user: MongoUser | undefined,
  database: string,
  command: Record<string, unknown>,
  password?: string,
): Promise<number | string | undefined> {
  const client = await pod.client(user, password);
  try {
    await client.db(database).command(command);
    return 'done';
  } catch (error) {
    return error instanceof MongoServerError ? Number(error.code) : String(error);
  } finally {
    await client.close();
  }
}

const insert = { insert: 'rows', documents: [{ text: 'hello' }] };
const find = { find: 'rows' };

describeWithServer('mongodev', 'a set of one member', () => {
  test('is made while the sidecar runs already, each user with his own rights and no others', async () => {
    const pod = await set.newPod();
    await pod.startSidecar();
    await pod.says('mongod does not answer');
    expect(await pod.readiness()).toMatchObject({ ready: false, member: 'silent' });

    await pod.startMongod();
    await pod.becomesReady();

    expect(await as(pod, 'notification', 'sonixy_notifications', insert)).toBe('done');
    expect(await as(pod, 'notification', 'sonixy_chat', insert)).toBe(13);
    expect(await as(pod, 'notification', 'sonixy_chat', find)).toBe(13);
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe('done');
    expect(await as(pod, 'chat', 'sonixy_notifications', find)).toBe(13);
    expect(await as(pod, 'chat', 'admin', { usersInfo: 1 })).toBe(13);
    expect(await as(pod, 'monitoring', 'admin', { replSetGetStatus: 1 })).toBe('done');
    expect(await as(pod, 'monitoring', 'sonixy_chat', find)).toBe(13);
    expect(await as(pod, 'admin', 'admin', { usersInfo: 1 })).toBe('done');
    expect(await as(pod, 'chat', 'sonixy_chat', find, set.password('notification'))).toBe(18);
    expect(await as(pod, undefined, 'sonixy_chat', find)).toBe(13);
    for (const key of Object.values(set.secret)) expect(pod.sidecar.output()).not.toContain(key);
  });

  test('is made without TLS, too', async () => {
    const plain = cleanUp.use(await SimulatedSet.create({ tls: false }));
    const pod = await plain.newPod();
    await pod.start();
    await pod.becomesReady();
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe('done');
  });

  test('a second start changes nothing', async () => {
    const pod = await set.newPod();
    await pod.start();
    await pod.becomesReady();
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe('done');

    await pod.mongod.restart();
    await pod.startSidecar();
    await pod.becomesReady();
    expect(pod.sidecar.output()).not.toMatch(/initiated|mended/);
    const client = await pod.client('chat');
    expect(await client.db('sonixy_chat').collection('rows').countDocuments()).toBe(1);
    await client.close();
  });

  test('is finished by the next sidecar, wherever the one before was killed', async () => {
    const pod = await set.newPod();
    await pod.start();
    await pod.says('initiated');
    for (const user of ['admin', 'notification', 'chat', 'monitoring']) {
      await pod.sidecar.kill();
      await pod.startSidecar();
      const made = async () => {
        const { ready } = await pod.readiness();
        return ready || pod.sidecar.output().includes('mended') ? undefined : `${user} is not made`;
      };
      await eventually(made, { timeoutMs: 150_000 });
    }
    await pod.becomesReady();
    expect(await as(pod, 'monitoring', 'admin', { replSetGetStatus: 1 })).toBe('done');
  });

  test.each<{ after: string; steps: number }>([
    { after: 'the set is initiated', steps: 1 },
    { after: 'the first user is made', steps: 2 },
    { after: 'the second user is made', steps: 3 },
  ])('goes on after a crash when $after', async ({ steps }) => {
    const pod = await set.newPod();
    await pod.startSidecar();
    await pod.sidecar.kill();
    await pod.startMongod();
    const member = new MongoMember({ port: pod.port, tls: set.authority !== undefined });
    cleanUp.defer(() => member.close());
    const admin = { user: 'admin', password: set.password('admin') } as const;
    await member.initiate('rs0', [pod.host]);
    await eventually(async () => ((await member.look()).state === 'primary' ? undefined : 'no primary'));
    if (steps > 1) expect(await member.createFirstUser(admin, rolesOf.admin)).toBe(true);
    const notification = { user: 'notification', password: set.password('notification') } as const;
    if (steps > 2) await member.createUser(admin, notification, rolesOf.notification);

    await pod.startSidecar();
    await pod.becomesReady();
    expect(pod.sidecar.output()).not.toContain('initiated');
    expect(pod.sidecar.output().match(/mended/g)).toHaveLength(5 - steps);
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe('done');
  });

  test('gets the roles and passwords of a later release, and keeps other users', async () => {
    const pod = await set.newPod();
    await pod.start();
    await pod.becomesReady();
    await pod.sidecar.kill();
    const roles = [{ role: 'readWrite', db: 'sonixy_notifications' }];
    expect(await as(pod, 'admin', 'admin', { updateUser: 'chat', roles, pwd: 'another' })).toBe('done');
    expect(await as(pod, 'admin', 'admin', { createUser: 'backup', pwd: 'mine', roles: ['backup'] })).toBe('done');
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe(18);

    await pod.startSidecar();
    await pod.becomesReady();
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe('done');
    expect(await as(pod, 'chat', 'sonixy_notifications', find)).toBe(13);
    const client = await pod.client('admin');
    const { users } = await client.db('admin').command({ usersInfo: 'backup' });
    expect(users).toHaveLength(1);
    await client.close();
  });

  test('takes a new password of the Secret while it runs', async () => {
    const pod = await set.newPod();
    await pod.start();
    await pod.becomesReady();
    await set.writePassword('chat', 'renewed');
    await pod.says('"change":"password"');
    expect(await as(pod, 'chat', 'sonixy_chat', insert)).toBe(18);
    expect(await as(pod, 'chat', 'sonixy_chat', insert, 'renewed')).toBe('done');
    expect(await as(pod, 'notification', 'sonixy_notifications', insert)).toBe('done');
  });

  test("is not touched with another Secret than the data's, and is ready when the Secret is back", async () => {
    const pod = await set.newPod();
    await pod.start();
    await pod.becomesReady();
    await pod.sidecar.kill();
    await set.writePassword('admin', 'of-another-install');
    await pod.startSidecar();
    await pod.says("the Secret's password of admin is not the one that the data knows");
    expect(await pod.readiness()).toMatchObject({ ready: false, member: 'primary' });
    expect(pod.sidecar.output()).not.toContain('of-another-install');

    await set.writePassword('admin', set.password('admin'));
    await pod.becomesReady();
  });

  test('tells in words what settings lack', async () => {
    const pod = await set.newPod();
    await set.removeCertificate();
    await expect(pod.startSidecar()).rejects.toThrow(/the Secret with the certificate lacks tls.crt \(ENOENT\)/);
  });
});
