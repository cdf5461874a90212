import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { eventually } from '#test/eventually.ts';
import type { Presence } from './presence.ts';

/** Two workers' ends of one presence. */
export type PresencePair = { readonly here: Presence; readonly there: Presence };

export function describePresence(name: string, make: (ttlMs: number) => Promise<PresencePair>): void {
  describe(`presence: ${name}`, () => {
    const opened: Presence[] = [];
    afterEach(async () => {
      for (const presence of opened.splice(0)) await presence.close();
    });
    const open = async (ttlMs = 60_000) => {
      const pair = await make(ttlMs);
      opened.push(pair.here, pair.there);
      for (const presence of [pair.here, pair.there]) {
        await eventually(async () => void (await presence.online([newUser()])));
      }
      return pair;
    };
    const newUser = () => `user-${randomUUID()}` as UserId;

    it('tells every worker who is here, and nobody else', async () => {
      const { here, there } = await open();
      const [alice, bob, carol] = [newUser(), newUser(), newUser()];
      await here.beat([alice, bob]);
      for (const presence of [here, there]) {
        expect(await presence.online([carol, bob, alice])).toEqual(new Set([bob, alice]));
      }
      expect(await there.online([])).toEqual(new Set());
    });

    it('counts a user until the last worker has lost him', async () => {
      const { here, there } = await open();
      const alice = newUser();
      await here.beat([alice]);
      await there.beat([alice, alice]);
      await here.leave([alice]);
      expect((await here.online([alice])).size).toBe(1);
      await there.leave([alice]);
      await there.leave([alice]);
      expect((await here.online([alice])).size).toBe(0);
    });

    it('forgets whom a worker does not speak of any more, and keeps the others', async () => {
      const { here, there } = await open(1_500);
      const [alice, bob] = [newUser(), newUser()];
      await here.beat([alice, bob]);
      await eventually(async () => {
        await there.beat([bob]);
        const online = await there.online([alice, bob]);
        expect(online.has(bob)).toBe(true);
        return online.has(alice) ? 'alice is still online' : undefined;
      });
      // The other worker's word counts by itself: with its end he is gone.
      await there.leave([bob]);
      expect((await here.online([bob])).size).toBe(0);
    });

    it('takes thousands at once', async () => {
      const { here, there } = await open();
      const users = Array.from({ length: 2_500 }, newUser);
      await here.beat(users);
      expect((await there.online([...users, newUser()])).size).toBe(2_500);
      await here.leave(users.slice(0, 2_000));
      expect((await there.online(users)).size).toBe(500);
    });

    const counts = (...entries: [UserId, number][]) => new Map(entries);

    it('counts the connections of a user at all other workers', async () => {
      const { here, there } = await open();
      const [alice, bob] = [newUser(), newUser()];
      expect(await here.count(counts([alice, 3], [bob, 1]))).toEqual(counts([alice, 0], [bob, 0]));
      expect(await there.count(counts([bob, 2], [alice, 0]))).toEqual(counts([bob, 1], [alice, 3]));
      // The last word counts, not the sum of all.
      await here.count(counts([alice, 5], [bob, 1]));
      expect(await there.count(counts([alice, 0]))).toEqual(counts([alice, 5]));
      expect(await here.count(counts([bob, 0]))).toEqual(counts([bob, 2]));
      expect(await there.count(counts([bob, 2]))).toEqual(counts([bob, 0]));
      expect(await here.count(counts())).toEqual(counts());
    });

    it('takes nobody for online by his connections, and no connection for a beat', async () => {
      const { here, there } = await open();
      const [alice, bob] = [newUser(), newUser()];
      await here.count(counts([alice, 3]));
      await here.beat([bob]);
      expect(await there.online([alice, bob])).toEqual(new Set([bob]));
      expect(await there.count(counts([alice, 0], [bob, 0]))).toEqual(counts([alice, 3], [bob, 0]));
    });

    it('forgets connections that a worker does not speak of any more, and keeps the others', async () => {
      const { here, there } = await open(1_500);
      const alice = newUser();
      await here.count(counts([alice, 3]));
      await eventually(async () => {
        const elsewhere = (await there.count(counts([alice, 2]))).get(alice);
        return elsewhere === 0 ? undefined : `${elsewhere} are counted`;
      });
      await eventually(async () => {
        await there.count(counts([alice, 2]));
        const elsewhere = (await here.count(counts([alice, 1]))).get(alice);
        return elsewhere === 2 ? undefined : `${elsewhere} are counted`;
      });
    });

    it('counts thousands at once', async () => {
      const { here, there } = await open();
      const users = Array.from({ length: 2_500 }, newUser);
      await here.count(new Map(users.map((user, index) => [user, index + 1])));
      const elsewhere = await there.count(new Map(users.map((user) => [user, 0])));
      expect([...elsewhere.values()]).toEqual(users.map((_, index) => index + 1));
    });

    it('refuses everything after the end', async () => {
      const { here } = await open();
      await here.close();
      const calls = [here.beat([newUser()]), here.leave([newUser()]), here.online([newUser()])];
      for (const call of [...calls, here.count(counts([newUser(), 1]))]) {
        await expect(call).rejects.toMatchObject({ code: 'unavailable' });
      }
    });
  });
}
