import { describe, expect, it } from 'vitest';
import { FakeClock } from '#test/fake-clock.ts';
import { OutboxRelay, type OutboxRelayOptions } from './outbox-relay.ts';

type Row = { readonly id: string };

/** A relay whose store and bus do what the test says; `log` has what was asked of them, in order. */
function relay(options: Partial<OutboxRelayOptions<Row>> = {}) {
  const log: string[] = [];
  const pending: Row[] = [];
  const failures: unknown[] = [];
  const clock = new FakeClock();
  return {
    log,
    pending,
    failures,
    clock,
    relay: new OutboxRelay<Row>({
      store: {
        leasePending: async ({ pendingSince, limit }) => {
          log.push(`lease before ${clock.now() - pendingSince}`);
          return pending.splice(0, limit);
        },
        published: async ({ id }) => void log.push(`published ${id}`),
      },
      publish: async ({ id }) => void log.push(`publish ${id}`),
      clock,
      onFailure: (error) => failures.push(error),
      graceMs: 500,
      ...options,
    }),
  };
}

describe('outbox relay', () => {
  it('publishes at once what was written, and unmarks it only after the confirm', async () => {
    const confirm = Promise.withResolvers<void>();
    const { relay: outbox, log } = relay({ publish: () => confirm.promise });
    outbox.written({ id: 'a' });
    await new Promise(setImmediate);
    expect(log).toEqual([]);
    confirm.resolve();
    await outbox.stop();
    expect(log).toEqual(['published a']);
  });

  it('leaves a row that the bus refused to the sweep', async () => {
    let refuses = true;
    const {
      relay: outbox,
      log,
      pending,
      failures,
    } = relay({
      publish: async () => {
        if (refuses) throw new Error('no confirm');
      },
    });
    outbox.written({ id: 'a' });
    await new Promise(setImmediate);
    expect([log, failures]).toEqual([[], [new Error('no confirm')]]);
    refuses = false;
    pending.push({ id: 'a' });
    expect(await outbox.sweep()).toBe(1);
    expect(log).toEqual(['lease before 500', 'published a']);
  });

  it('counts in a sweep what left the outbox, not what was tried', async () => {
    const { relay: outbox, pending } = relay({
      publish: async ({ id }) => {
        if (id === 'bad') throw new Error('refused');
      },
    });
    pending.push({ id: 'good' }, { id: 'bad' });
    expect(await outbox.sweep()).toBe(1);
  });

  it('answers a sweep that the store refuses with 0', async () => {
    const error = new Error('down');
    const { relay: outbox, failures } = relay({
      store: { leasePending: () => Promise.reject(error), published: async () => {} },
    });
    expect(await outbox.sweep()).toBe(0);
    expect(failures).toEqual([error]);
  });

  it('takes no more in hand than it may, and nothing after its stop', async () => {
    const confirm = Promise.withResolvers<void>();
    const asked: string[] = [];
    const { relay: outbox } = relay({
      maxInFlight: 2,
      publish: ({ id }) => {
        asked.push(id);
        return confirm.promise;
      },
    });
    for (const id of ['a', 'b', 'c']) outbox.written({ id });
    confirm.resolve();
    await outbox.stop();
    outbox.written({ id: 'd' });
    expect(asked).toEqual(['a', 'b']);
  });
});
