import { describe, expect, it } from 'vitest';
import type { Principal } from '#shared/auth/principal.ts';
import type { RevokedTokens } from '#shared/auth/revocation-list.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { ScriptedConnection } from './scripted-connection.fixture.ts';
import { quiet } from './settle.fixture.ts';
import { simulateHub } from './simulated-hub.fixture.ts';

/** Whoever is in these sets is revoked. */
class ScriptedRevocations implements RevokedTokens {
  readonly users = new Set<string>();
  readonly tokens = new Set<string | undefined>();
  asked = 0;
  #listeners: (() => void)[] = [];

  isRevoked({ user, tokenId }: Principal): boolean {
    this.asked += 1;
    return this.users.has(user) || this.tokens.has(tokenId);
  }

  onRevoked(listener: () => void): void {
    this.#listeners.push(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function startHub() {
  const revoked = new ScriptedRevocations();
  return { revoked, ...simulateHub(new FakeClock(), {}, revoked) };
}

const principal = (tokenId: string): Principal =>
  ({ user: 'alice', tokenId, expiresAt: Number.MAX_SAFE_INTEGER }) as Principal;

describe('hub: revoked', () => {
  it('ends whoever was revoked between the token and the place', async () => {
    const world = startHub();
    world.revoked.users.add('alice');
    const { connection } = await world.accept();
    const bob = world.join(new ScriptedConnection('bob'));
    await quiet();
    expect([connection.closedBy, bob.connection.closedBy]).toEqual(['revoked', undefined]);
  });

  it('sends nothing any more from that moment, also what was queued before', async () => {
    const world = startHub();
    const [alice, bob] = [await world.accept(), await world.accept(new ScriptedConnection('bob'))];
    world.publish(world.stream.create());
    world.revoked.users.add('alice');
    world.revoked.tell();
    world.publish(world.stream.create());
    await quiet();
    expect(alice.connection.closedBy).toBe('revoked');
    expect(alice.received()).toEqual([]);
    expect(bob.received()).toEqual([1, 2]);
  });

  it('goes by the newest token that a connection has shown', async () => {
    const world = startHub();
    const { connection, membership } = await world.accept();
    membership.renew(principal('first'));
    membership.renew(principal('second'));
    world.revoked.tokens.add('first');
    world.revoked.tell();
    await quiet();
    expect(connection.closedBy).toBeUndefined();
    world.revoked.tokens.add('second');
    world.revoked.tell();
    await quiet();
    expect(connection.closedBy).toBe('revoked');
    world.revoked.tell();
    await quiet();
    expect(await world.count('hub_closes_total')).toBe(1);
  });

  it('looks at every connection once, however many are revoked in one instant', async () => {
    const world = startHub();
    const connections = [0, 1, 2, 3, 4].map((index) => new ScriptedConnection(`user-${index}`));
    for (const connection of connections) world.join(connection);
    const before = world.revoked.asked;
    for (const { principal } of connections.slice(1)) {
      world.revoked.users.add(principal.user);
      world.revoked.tell();
    }
    await quiet();
    expect(world.revoked.asked - before).toBe(5);
    const ends = connections.map(({ closedBy }) => closedBy);
    expect(ends).toEqual([undefined, 'revoked', 'revoked', 'revoked', 'revoked']);
    // And again at the next instant.
    world.revoked.users.add('user-0');
    world.revoked.tell();
    await quiet();
    expect(connections[0]?.closedBy).toBe('revoked');
  });
});
