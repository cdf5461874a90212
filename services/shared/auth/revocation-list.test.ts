import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.fixture.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { revocationsChannel } from '#shared/contract/names.ts';
import {
  encodeRevocationFrame,
  maxRevocations,
  type Revocation,
  type RevocationFrame,
  type RevocationSource,
} from '#shared/contract/revocation.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { RevocationList } from './revocation-list.ts';
import { refuseRevoked } from './unrevoked-tokens.ts';
import { watchRevocations } from './watch-revocations.ts';

/** What is stored, read in pages of two; `hold` keeps reads waiting, `fail` makes them fail. */
class ScriptedSource implements RevocationSource {
  stored: Revocation[] = [];
  /** Reads that began. */
  reads = 0;
  failing = false;
  #held: Promise<void> | undefined;
  #letGo = () => {};

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  letGo(): void {
    this.#held = undefined;
    this.#letGo();
  }

  async inForce(after: string | undefined) {
    if (after === undefined) this.reads += 1;
    // What is stored later is not in it.
    const from = Number(after ?? 0);
    const revocations = this.stored.slice(from, from + 2);
    const next = from + 2 < this.stored.length ? String(from + 2) : null;
    await this.#held;
    if (this.failing) throw new Error('the source does not answer');
    return { revocations, next };
  }
}

const log = createLogger({ name: 'test', level: 'silent' });
const everyMs = 30_000;
let clock: FakeClock;
let backplane: ScriptedBackplane;
let source: ScriptedSource;
let metrics: Metrics;
const open: RevocationList[] = [];

beforeEach(() => {
  clock = new FakeClock();
  backplane = new ScriptedBackplane();
  source = new ScriptedSource();
  metrics = createMetrics('test');
});
afterEach(async () => {
  source.letGo();
  for (const list of open.splice(0)) await list.close();
});

function newList(options: { readonly deaf?: boolean } = {}): RevocationList {
  const list = new RevocationList({
    source,
    backplane: options.deaf ? undefined : backplane,
    clock,
    log,
    metrics,
    readEveryMs: everyMs,
  });
  open.push(list);
  return list;
}

/** One that has listened, and read after that. */
async function settledList(): Promise<RevocationList> {
  const list = newList();
  await reads(2);
  return list;
}

/** Until so many reads have begun and ended, as time goes on by steps far below an interval. */
const reads = (count: number) =>
  eventually(async () => {
    const before = source.reads;
    await turn();
    if (source.reads >= count && before === source.reads) return undefined;
    clock.advance(100);
    await turn();
    return `${source.reads} of ${count} reads`;
  });
const turn = () => new Promise((resolve) => setImmediate(resolve));

const revoked = (id: string, lastsMs = 3_600_000): Revocation => ({
  kind: 'user',
  id: id as UserId,
  until: clock.now() + lastsMs,
});
const principal = (user: string, tokenId?: string) => ({
  user: user as UserId,
  tokenId,
  expiresAt: Number.MAX_SAFE_INTEGER,
});
const tell = (frame: RevocationFrame) => backplane.deliver(revocationsChannel, encodeRevocationFrame(frame));

describe('a list of revocations', () => {
  it('knows what was stored before it began, on all pages', async () => {
    source.stored = ['a', 'b', 'c', 'd', 'e'].map((id) => revoked(id));
    const list = newList();
    await list.firstRead();
    expect(['a', 'e', 'f'].map((id) => list.isRevoked(principal(id)))).toEqual([true, true, false]);
    expect(list.known).toBe(true);
  });

  it('knows what it hears, at once, and tells its listeners', async () => {
    const list = await settledList();
    let told = 0;
    list.onRevoked(() => {
      told += 1;
    });
    tell(revoked('alice'));
    expect([list.isRevoked(principal('alice')), told]).toEqual([true, 1]);
    expect(list.isRevoked(principal('bob'))).toBe(false);
  });

  it('tells one token from the others of its user, and from a user of that name', async () => {
    const list = await settledList();
    tell({ kind: 'token', id: 'alice', until: clock.now() + 1_000 });
    expect(list.isRevoked(principal('bob', 'alice'))).toBe(true);
    expect(list.isRevoked(principal('bob', 'other'))).toBe(false);
    expect(list.isRevoked(principal('alice'))).toBe(false);
  });

  it('misses nothing that comes while it reads', async () => {
    const list = await settledList();
    source.hold();
    clock.advance(everyMs);
    await eventually(() => (source.reads === 3 ? undefined : 'no read'));
    source.stored = [revoked('alice')];
    tell(revoked('alice'));
    source.letGo();
    await turn();
    expect(list.isRevoked(principal('alice'))).toBe(true);
  });

  it('finds what no frame told it of, within an interval', async () => {
    const list = await settledList();
    let told = 0;
    list.onRevoked(() => {
      told += 1;
    });
    source.stored = [revoked('alice')];
    await turn();
    expect(list.isRevoked(principal('alice'))).toBe(false);
    clock.advance(everyMs);
    await eventually(() => (list.isRevoked(principal('alice')) ? undefined : 'not known'));
    expect(told).toBe(1);
  });

  it('reads when the backplane heals', async () => {
    const list = await settledList();
    backplane.goDown();
    source.stored = [revoked('alice')];
    backplane.comeUp();
    await eventually(() => (list.isRevoked(principal('alice')) ? undefined : 'not known'));
  });

  it('reads again once it listens, also where the backplane was down at the start', async () => {
    backplane.state = 'down';
    const list = newList();
    await list.firstRead();
    expect([list.known, source.reads]).toEqual([true, 1]);
    source.stored = [revoked('alice')];
    backplane.comeUp();
    await reads(2);
    expect(list.isRevoked(principal('alice'))).toBe(true);
  });

  it('finds all by reading where there is no backplane', async () => {
    const list = newList({ deaf: true });
    await list.firstRead();
    source.stored = [revoked('alice')];
    clock.advance(everyMs);
    await eventually(() => (list.isRevoked(principal('alice')) ? undefined : 'not known'));
  });

  it('lets in again what was lifted, though frames overtake each other', async () => {
    source.stored = [revoked('alice'), revoked('bob')];
    const list = await settledList();
    tell({ kind: 'lifted' });
    await reads(3);
    expect(list.isRevoked(principal('alice'))).toBe(true);
    source.stored = [revoked('bob')];
    tell({ kind: 'lifted' });
    await reads(4);
    expect(list.isRevoked(principal('alice'))).toBe(false);
    expect(list.isRevoked(principal('bob'))).toBe(true);
  });

  it('reads once for many frames that ask for it', async () => {
    await settledList();
    for (let count = 0; count < 1_000; count += 1) tell({ kind: 'lifted' });
    await reads(4);
    expect(source.reads).toBe(4);
  });

  it('lets the later time win', async () => {
    const list = await settledList();
    tell(revoked('alice', 2_000));
    tell(revoked('alice', 1_000));
    clock.advance(1_500);
    expect(list.isRevoked(principal('alice'))).toBe(true);
    clock.advance(500);
    expect(list.isRevoked(principal('alice'))).toBe(false);
  });

  it('keeps what it knows while it cannot read, and says so', async () => {
    source.stored = [revoked('alice')];
    const list = await settledList();
    source.failing = true;
    clock.advance(everyMs);
    await eventually(() => (list.failing ? undefined : 'not failing'));
    expect(list.isRevoked(principal('alice'))).toBe(true);
    source.failing = false;
    source.stored = [];
    await eventually(async () => {
      clock.advance(100);
      await turn();
      return list.failing ? 'still failing' : undefined;
    });
    expect(list.isRevoked(principal('alice'))).toBe(false);
    expect(await metrics.registry.metrics()).toMatch(/revocation_reads_total\{.*outcome="failed".*\} 1/);
  });

  it('keeps within its bounds, whatever the backplane says', async () => {
    const list = await settledList();
    const told = source.reads;
    for (let count = 0; count <= maxRevocations; count += 1) tell(revoked(`user ${count}`));
    expect(list.isRevoked(principal(`user ${maxRevocations - 1}`))).toBe(true);
    expect(list.isRevoked(principal(`user ${maxRevocations}`))).toBe(false);
    await reads(told + 1);
    expect(list.isRevoked(principal('user 0'))).toBe(false);
  });
});

describe('a verifier without revoked tokens', () => {
  const verifier = { verify: async (token: string) => principal(token) };

  it('refuses as for any other bad token', async () => {
    source.stored = [revoked('alice')];
    const verify = refuseRevoked(verifier, newList());
    await expect(verify.verify('alice')).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'a valid token is required',
    });
    expect((await verify.verify('bob')).user).toBe('bob');
  });

  it('waits a moment for the first read, and goes without when that takes long', async () => {
    source.hold();
    const verify = refuseRevoked(verifier, newList());
    let verified = false;
    const verifying = verify.verify('alice').then(() => {
      verified = true;
    });
    await turn();
    expect(verified).toBe(false);
    clock.advance(3_000);
    await verifying;
  });

  it('goes without when the first read fails, until one succeeds', async () => {
    source.failing = true;
    source.stored = [revoked('alice')];
    const list = newList();
    const readiness = new Readiness();
    watchRevocations(readiness, list);
    const part = () => readiness.report().parts['revocations'];
    const verify = refuseRevoked(verifier, list);
    await verify.verify('alice');
    expect(part()).toMatchObject({ ready: false, required: false, detail: expect.stringContaining('not known') });
    source.failing = false;
    await eventually(async () => {
      clock.advance(100);
      await turn();
      return list.known ? undefined : 'not read';
    });
    await expect(verify.verify('alice')).rejects.toMatchObject({ code: 'unauthorized' });
    expect(part()).toEqual({ ready: true, required: false, detail: 'known' });
  });
});
