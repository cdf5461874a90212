import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.fixture.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { revocationsChannel } from '#shared/contract/names.ts';
import { decodeRevocationFrame, type RevocationFrame } from '#shared/contract/revocation.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { secret, startTestNotification, type TestNotification, tokenOf } from '../notification.fixture.ts';
import { newUser } from '../store/notification-store.fixture.ts';

const path = '/internal/revocations';
const clock = new JumpingClock();
let service: TestNotification;
let frames: RevocationFrame[];

beforeAll(async () => {
  service = await startTestNotification({ clock });
  frames = [];
  await service.backplane.subscribe(revocationsChannel, (bytes) => {
    const frame = decodeRevocationFrame(bytes);
    if (frame) frames.push(frame);
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const minute = 60_000;
const inMs = (ms: number) => new Date(clock.now() + ms).toISOString();
const statusOf = async (user: UserId) => (await service.as(user, 'GET', '/api/notifications')).status;
const lift = (query: string) => service.internalCall('DELETE', `${path}?${query}`);
const withToken = async (token: string) =>
  service.call('GET', '/api/notifications', { headers: { authorization: `Bearer ${token}` } });

describe('POST /internal/revocations', () => {
  it('shuts a user out at once, with the answer of any bad token, and nobody else', async () => {
    const [alice, bob] = [newUser('alice'), newUser('bob')];
    expect(await statusOf(alice)).toBe(200);
    const until = inMs(minute);
    const { status, body } = await service.internal(path, { userId: alice, until });
    expect([status, body]).toEqual([200, { userId: alice, until, published: true }]);
    await eventually(async () => ((await statusOf(alice)) === 401 ? undefined : 'alice is still let in'));
    const [banned, forged] = [await service.as(alice, 'GET', '/api/notifications'), await withToken('forged')];
    expect({ ...banned.body, correlationId: '' }).toEqual({ ...forged.body, correlationId: '' });
    expect(await statusOf(bob)).toBe(200);
    expect(frames).toContainEqual({ kind: 'user', id: alice, until: Date.parse(until) });
  });

  it('shuts one token out, and lets the other tokens of its user in', async () => {
    const alice = newUser('alice');
    const [stolen, own] = await Promise.all([tokenOf(alice), tokenOf(alice)]);
    const { jti } = JSON.parse(Buffer.from(stolen.split('.')[1] ?? '', 'base64url').toString());
    expect((await service.internal(path, { jti, until: inMs(minute) })).body).toMatchObject({ jti, published: true });
    await eventually(async () => ((await withToken(stolen)).status === 401 ? undefined : 'still let in'));
    expect((await withToken(own)).status).toBe(200);
    expect(service.logged()).not.toContain(jti);
    expect(await service.metrics.registry.metrics()).not.toContain(jti);
  });

  it('may be repeated: a later time wins, an earlier one shortens nothing, any offset is understood', async () => {
    const alice = newUser('alice');
    const [soon, late] = [inMs(minute), inMs(2 * minute)];
    const untils = [];
    for (const until of [late, soon, late.replace('Z', '+00:00')]) {
      untils.push((await service.internal(path, { userId: alice, until })).body.until);
    }
    expect(untils).toEqual([late, late, late]);
  });

  it('is over when its time is', async () => {
    const alice = newUser('alice');
    await service.internal(path, { userId: alice, until: inMs(30_000) });
    await eventually(async () => ((await statusOf(alice)) === 401 ? undefined : 'alice is still let in'));
    clock.jump(30_000);
    expect(await statusOf(alice)).toBe(200);
  });

  it.each([
    ['nobody', { until: '2999-01-01T00:00:00Z' }],
    ['both', { userId: 'alice', jti: 'x', until: '2999-01-01T00:00:00Z' }],
    ['no time', { userId: 'alice' }],
    ['a time that is past', { userId: 'alice', until: '2020-01-01T00:00:00Z' }],
    ['a time without an offset', { userId: 'alice', until: '2999-01-01T00:00:00' }],
    ['a number for a time', { userId: 'alice', until: 32_503_680_000_000 }],
    ['an empty user', { userId: '', until: '2999-01-01T00:00:00Z' }],
    ['a long user', { userId: 'x'.repeat(257), until: '2999-01-01T00:00:00Z' }],
    ['half a character', { userId: '\ud800', until: '2999-01-01T00:00:00Z' }],
    ['an operator', { userId: { $ne: null }, until: '2999-01-01T00:00:00Z' }],
    ['a long jti', { jti: 'x'.repeat(257), until: '2999-01-01T00:00:00Z' }],
    ['something else', { userId: 'alice', until: '2999-01-01T00:00:00Z', reason: 'spam' }],
    ['a list', [{ userId: 'alice', until: '2999-01-01T00:00:00Z' }]],
  ])('refuses %s, and stores nothing', async (_what, body) => {
    const answer = await service.internal(path, body);
    expect([answer.status, answer.body.code]).toEqual([400, 'bad_request']);
    expect(await statusOf('alice' as UserId)).toBe(200);
  });

  it('stores while the backplane is away, and says that nobody was told', async () => {
    const backplane = new ScriptedBackplane();
    backplane.publish = () => Promise.reject(new Error('down'));
    await using deaf = await startTestNotification({ backplane });
    const alice = newUser('alice');
    const until = new Date(Date.now() + minute).toISOString();
    expect((await deaf.internal(path, { userId: alice, until })).body).toEqual({
      userId: alice,
      until,
      published: false,
    });
    expect((await deaf.as(alice, 'GET', '/api/notifications')).status).toBe(200);
    backplane.comeUp();
    await eventually(async () =>
      (await deaf.as(alice, 'GET', '/api/notifications')).status === 401 ? undefined : 'alice is still let in',
    );
  });
});

describe('DELETE /internal/revocations', () => {
  it('lets a user in again before the time, and says whether there was something to lift', async () => {
    const alice = newUser('alice & co=1');
    const query = `userId=${encodeURIComponent(alice)}`;
    await service.internal(path, { userId: alice, until: '9999-12-31T23:59:59.999Z' });
    await eventually(async () => ((await statusOf(alice)) === 401 ? undefined : 'alice is still let in'));
    expect((await lift(query)).body).toEqual({ lifted: true, published: true });
    await eventually(async () => ((await statusOf(alice)) === 200 ? undefined : 'alice is still kept out'));
    expect((await lift(query)).body).toEqual({ lifted: false, published: true });
  });

  it('lifts what it names alone', async () => {
    const alice = newUser('alice');
    await service.internal(path, { userId: alice, until: inMs(minute) });
    expect((await lift(`jti=${alice}`)).body).toMatchObject({ lifted: false });
    await eventually(async () => ((await statusOf(alice)) === 401 ? undefined : 'alice is still let in'));
  });

  it.each(['', 'userId=', 'userId=a&jti=b', 'userId=a&userId=b', 'userId[$ne]=', 'user=a'])(
    'refuses ?%s',
    async (query) => {
      expect((await lift(query)).body).toMatchObject({ code: 'bad_request' });
    },
  );
});

describe('GET /internal/revocations', () => {
  it('lists what is in force', async () => {
    const [alice, bob] = [newUser('alice'), newUser('bob')];
    const until = clock.now() + minute;
    await service.internal(path, { userId: alice, until: new Date(until).toISOString() });
    await service.internal(path, { userId: bob, until: inMs(1_000) });
    clock.jump(1_000);
    const { body } = await service.internalCall('GET', path);
    expect(body.next).toBeNull();
    expect(body.revocations).toContainEqual({ kind: 'user', id: alice, until });
    expect(JSON.stringify(body)).not.toContain(bob);
    expect((await service.internalCall('GET', `${path}?after=zzz`)).body).toEqual({ revocations: [], next: null });
  });

  it.each([`after=${'x'.repeat(263)}`, 'after=a&after=b', 'after[$gt]=a'])('refuses ?%s', async (query) => {
    expect((await service.internalCall('GET', `${path}?${query}`)).body).toMatchObject({ code: 'bad_request' });
  });
});

describe('/internal/revocations', () => {
  it.each(['GET', 'POST', 'DELETE'])('%s is for our own services only', async (method) => {
    const target = method === 'DELETE' ? `${path}?userId=mallory` : path;
    const foreign = await issueToken({
      secret: `not ${secret}`,
      issuer: 'x',
      audience: 'sonixy-internal',
      user: 'x',
      lifetimeSeconds: 60,
    });
    for (const token of ['', await tokenOf('alice'), foreign]) {
      const answer = await service.internalCall(method, target, token);
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthorized']);
    }
    const expected = { GET: 200, POST: 400, DELETE: 200 }[method];
    expect((await service.internalCall(method, target)).status).toBe(expected);
  });

  it('takes no other method', async () => {
    expect((await service.internalCall('PUT', path)).status).toBe(405);
  });

  it('leaves its trace in the audit log', async () => {
    const alice = newUser('alice');
    await service.internal(path, { userId: alice, until: inMs(minute) });
    await lift(`userId=${alice}`);
    const lines = service
      .logged()
      .split('\n')
      .filter((line) => line.includes(alice) && line.includes('"audit"'))
      .map((line) => JSON.parse(line).audit);
    expect(lines).toEqual(['revoked', 'lifted']);
  });
});
