import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { type Revocation, revocationKey } from '#shared/contract/revocation.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { eventually } from '#test/eventually.ts';
import { keepRevocationsMs, type RevocationStore, type RevocationStoreLimits } from './revocation-store.ts';

/** One database or file of a suite's own. */
export interface RevocationStoreUnderTest extends AsyncDisposable {
  /** Another instance on the same data, as another process has it. */
  open(clock: Clock, limits?: Partial<RevocationStoreLimits>): Promise<RevocationStore>;
}

/** Everything that the port promises, on two instances over the same data. */
export function describeRevocationStore(make: () => Promise<RevocationStoreUnderTest>): void {
  let data: RevocationStoreUnderTest;
  let store: RevocationStore;
  let other: RevocationStore;
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock: Clock = { now: () => now, after: systemClock.after };

  beforeAll(async () => {
    data = await make();
    store = await data.open(clock);
    other = await data.open(clock);
    await eventually(async () => void (await Promise.all([store.inForce(undefined), other.inForce(undefined)])));
  });

  afterAll(async () => {
    await Promise.all([store?.close(), other?.close()]);
    await data?.[Symbol.asyncDispose]();
  });

  const user = (lastsMs = 60_000, name = 'user'): Revocation => ({
    kind: 'user',
    id: `${name}-${randomUUID()}` as UserId,
    until: now + lastsMs,
  });
  const token = (lastsMs = 60_000): Revocation => ({ kind: 'token', id: randomUUID(), until: now + lastsMs });
  const all = async (from: RevocationStore) => {
    const found: Revocation[] = [];
    for (let after: string | undefined; ; ) {
      const { revocations, next } = await from.inForce(after);
      found.push(...revocations);
      if (next === null) return found;
      after = next;
    }
  };
  const of = async (from: RevocationStore, { kind, id }: Revocation) =>
    (await all(from)).filter((it) => it.kind === kind && it.id === id);

  it('tells every instance what was revoked, users and tokens of the same name apart', async () => {
    const alice = user();
    const hers: Revocation = { kind: 'token', id: alice.id, until: alice.until + 5 };
    expect(await store.revoke(alice)).toEqual(alice);
    expect(await store.revoke(hers)).toEqual(hers);
    for (const reader of [store, other]) {
      expect(await of(reader, alice)).toEqual([alice]);
      expect(await of(reader, hers)).toEqual([hers]);
    }
  });

  it('keeps ids as they are, whatever they hold', async () => {
    for (const name of ['$where', 'a.b:c', 'é 😀', "'; DROP TABLE revocations; --", 'user:x', 'x'.repeat(200)]) {
      const strange = user(60_000, name);
      await store.revoke(strange);
      expect(await of(other, strange)).toEqual([strange]);
      expect(await other.lift(strange)).toBe(true);
    }
  });

  it('lets the later time win, in whatever order and by whomever', async () => {
    const alice = user();
    const later = { ...alice, until: alice.until + 1_000 };
    await store.revoke(alice);
    expect(await other.revoke(later)).toEqual(later);
    expect(await store.revoke(alice)).toEqual(later);
    expect(await of(other, alice)).toEqual([later]);
    const bob = user();
    const times = Array.from({ length: 20 }, (_, index) => bob.until + ((index * 7) % 20));
    await Promise.all(times.map((until, index) => (index % 2 ? store : other).revoke({ ...bob, until })));
    expect(await of(store, bob)).toEqual([{ ...bob, until: bob.until + 19 }]);
  });

  it('forgets what was lifted, and takes it anew, shorter than before', async () => {
    const alice = token();
    await store.revoke(alice);
    expect(await other.lift(alice)).toBe(true);
    expect(await of(store, alice)).toEqual([]);
    expect(await store.lift(alice)).toBe(false);
    const shorter = { ...alice, until: alice.until - 1_000 };
    expect(await store.revoke(shorter)).toEqual(shorter);
  });

  it('counts what is over as none', async () => {
    const [short, long] = [user(1_000), user(2_000)];
    await Promise.all([store.revoke(short), store.revoke(long)]);
    now += 1_000;
    expect(await of(other, short)).toEqual([]);
    expect(await of(other, long)).toEqual([long]);
    expect(await other.lift(short)).toBe(false);
    expect(await other.lift(long)).toBe(true);
  });

  it('answers in pages that hold each once', async () => {
    const pageSize = 5;
    const paged = await data.open(clock, { pageSize });
    const many = Array.from({ length: 2 * pageSize + 3 }, (_, index) => (index % 2 ? token(10_000) : user(10_000)));
    for (const revocation of many) await store.revoke(revocation);
    const first = await paged.inForce(undefined);
    expect(first.revocations).toHaveLength(pageSize);
    expect(first.next).toBe(revocationKey(first.revocations.at(-1) ?? token()));
    const keys = (await all(paged)).map(revocationKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual((await all(store)).map(revocationKey));
    expect(keys).toEqual(expect.arrayContaining(many.map(revocationKey)));
    await paged.close();
  });

  it('takes as many as allowed, longer times of those always, and more once some are over and purged', async () => {
    now += 24 * keepRevocationsMs;
    const small = await data.open(clock, { max: 2 });
    await eventually(async () => void (await small.inForce(undefined)));
    const [first, second, third] = [user(1_000), token(5_000), user(5_000)];
    await small.revoke(first);
    await small.revoke(second);
    await expect(small.revoke(third)).rejects.toMatchObject({ name: 'PlatformError', code: 'conflict' });
    expect(await small.revoke({ ...second, until: second.until + 1 })).toMatchObject({ until: second.until + 1 });
    now += 1_000;
    expect(await small.revoke(third)).toEqual(third);
    expect(await all(store)).toHaveLength(2);
    await small.close();
  });

  it('refuses calls after it was closed', async () => {
    const closing = await data.open(clock);
    await eventually(async () => void (await closing.inForce(undefined)));
    const alice = user();
    await closing.revoke(alice);
    await closing.close();
    for (const call of [() => closing.revoke(alice), () => closing.lift(alice), () => closing.inForce(undefined)]) {
      await expect(call()).rejects.toMatchObject({ name: 'PlatformError', code: 'unavailable' });
    }
    expect(await of(store, alice)).toEqual([alice]);
  });
}
