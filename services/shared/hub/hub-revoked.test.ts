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
  #listeners: (() => void)[] = [];

  isRevoked({ user, tokenId }: Principal): boolean {
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
    expect(connection.closedBy).toBeUndefined();
    world.revoked.tokens.add('second');
    world.revoked.tell();
    expect(connection.closedBy).toBe('revoked');
    world.revoked.tell();
    await quiet();
    expect(await world.count('hub_closes_total')).toBe(1);
  });
});
