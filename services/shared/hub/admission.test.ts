import { describe, expect, it } from 'vitest';
import { FakeClock } from '#test/fake-clock.ts';
import { Admission } from './admission.ts';

function startAdmission(limits: Partial<{ maxConnections: number; connectsPerSecond: number }> = {}) {
  const clock = new FakeClock();
  const admission = new Admission({
    clock,
    random: () => 0.5,
    onRefusal: () => {},
    limits: { maxConnections: 2, connectsPerSecond: 100, admissionWaitMs: 10_000, reservationMs: 5_000, ...limits },
  });
  return { clock, admission };
}

/** What `promise` has come to, after the microtasks that are due. */
async function outcome<T>(promise: Promise<T>): Promise<T | 'waiting'> {
  await Promise.resolve();
  return Promise.race([promise, new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting')))]);
}

describe('admission', () => {
  it('lets clients in up to the cap and holds the next one', async () => {
    const { admission } = startAdmission();
    expect(await outcome(admission.admit())).toEqual({ ok: true });
    expect(await outcome(admission.admit())).toEqual({ ok: true });
    expect(await outcome(admission.admit())).toBe('waiting');
    expect(admission.waiting).toBe(1);
  });

  it('lets the held one in when a place becomes free', async () => {
    const { admission } = startAdmission();
    for (let count = 0; count < 2; count += 1) {
      await admission.admit();
      expect(admission.connected()).toBe(true);
    }
    const held = admission.admit();
    expect(await outcome(held)).toBe('waiting');
    admission.disconnected();
    expect(await outcome(held)).toEqual({ ok: true });
  });

  it('sends the held one away after the wait, and says when to come back', async () => {
    const { admission, clock } = startAdmission();
    for (let count = 0; count < 2; count += 1) admission.connected();
    const held = admission.admit();
    clock.advance(9_999);
    expect(await outcome(held)).toBe('waiting');
    clock.advance(1);
    expect(await outcome(held)).toEqual({ ok: false, retryAfterSeconds: 3 });
  });

  it('gives the place of a client that never connected to the next one', async () => {
    const { admission, clock } = startAdmission();
    await admission.admit();
    await admission.admit();
    const held = admission.admit();
    clock.advance(5_000);
    expect(await outcome(held)).toEqual({ ok: true });
  });

  it('tells a connection that was let in elsewhere and finds no place', async () => {
    const { admission } = startAdmission();
    await admission.admit();
    expect([admission.connected(), admission.connected(), admission.connected()]).toEqual([true, true, false]);
  });

  it('bounds how many begin in a second', async () => {
    const { admission, clock } = startAdmission({ maxConnections: 1_000, connectsPerSecond: 10 });
    let admitted = 0;
    for (let count = 0; count < 30; count += 1) void admission.admit().then(({ ok }) => (admitted += ok ? 1 : 0));
    await outcome(Promise.resolve());
    expect(admitted).toBe(10);
    clock.advance(1_000);
    await outcome(Promise.resolve());
    expect(admitted).toBe(20);
    clock.advance(1_000);
    await outcome(Promise.resolve());
    expect(admitted).toBe(30);
  });

  it('sends everybody away once closed', async () => {
    const { admission } = startAdmission({ maxConnections: 0 });
    const held = admission.admit();
    admission.close();
    expect(await held).toMatchObject({ ok: false });
    expect(await admission.admit()).toMatchObject({ ok: false });
  });
});
