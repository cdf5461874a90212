import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChangesOfStream } from '#shared/contract/internal-calls.ts';
import type { PushFrame } from '#shared/contract/push-frame.ts';
import { type Delivery, maxEarlyFrames, StreamPosition } from './position.ts';
import { maxCatchUpRows } from './position-catch-up.ts';
import { SimulatedStream } from './position-simulator.fixture.ts';

const shown = (deliveries: readonly Delivery[]) => deliveries.map(({ as, row }) => `${as} #${row.number}@${row.seq}`);

function placedAt(log: SimulatedStream): StreamPosition {
  const position = new StreamPosition();
  position.headRead(log.head);
  return position;
}

function repair(position: StreamPosition, log: SimulatedStream, pageSize = 100): Delivery[] {
  const deliveries: Delivery[] = [];
  for (let round = 0; position.need === 'repair'; round += 1) {
    if (round > 1_000) throw new Error('the repair never ends');
    deliveries.push(...position.changesRead(log.epoch, log.changes(position.repairFrom, pageSize)).deliveries);
  }
  return deliveries;
}

describe('stream position', () => {
  it('hands contiguous frames on, new rows as receive and others as change', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    const frames = [log.create(), log.create(), log.change(1), log.markRead()];
    expect(frames.flatMap((frame) => shown(position.frame(frame).deliveries))).toEqual([
      'receive #1@1',
      'receive #2@2',
      'change #1@3',
      'change #0@4',
    ]);
  });

  it('drops what it has', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    const frame = log.create();
    position.frame(frame);
    expect(position.frame(frame)).toEqual({ outcome: 'old', deliveries: [] });
  });

  it('holds an early frame until the missing one comes, and needs a repair meanwhile', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    const [first, second] = [log.create(), log.create()];
    expect(position.frame(second)).toEqual({ outcome: 'early', deliveries: [] });
    expect(position.need).toBe('repair');
    expect(shown(position.frame(first).deliveries)).toEqual(['receive #1@1', 'receive #2@2']);
    expect(position.need).toBe('nothing');
  });

  it('takes a number that jumps for a gap, although the seq does not', () => {
    const log = new SimulatedStream();
    log.create();
    const position = new StreamPosition();
    position.headRead({ ...log.head, number: 0 });
    expect(position.frame(log.create()).outcome).toBe('early');
    expect(position.need).toBe('repair');
  });

  it('notices the loss of the last frame by the head', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    log.create();
    expect(position.need).toBe('nothing');
    position.headRead(log.head);
    expect(position.need).toBe('repair');
    expect(shown(repair(position, log))).toEqual(['receive #1@1']);
  });

  it('puts new rows of a repair in order of number, changes after them in order of seq', () => {
    const log = new SimulatedStream();
    log.create();
    const position = placedAt(log);
    log.create();
    log.create();
    log.change(1);
    log.change(2);
    position.headRead(log.head);
    expect(shown(repair(position, log, 1))).toEqual(['receive #2@5', 'receive #3@3', 'change #1@4']);
  });

  it('waits for a new row that moves beyond the page that was being read', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    log.create();
    log.create();
    position.headRead(log.head);
    const page = log.changes(0, 100);
    const withoutTheMoved: ChangesOfStream = { ...page, rows: page.rows.filter(({ number }) => number !== 1) };
    log.change(1);
    expect(position.changesRead(log.epoch, withoutTheMoved).deliveries).toEqual([]);
    expect(shown(repair(position, log))).toEqual(['receive #1@3', 'receive #2@2']);
  });

  it('passes a number that is gone for good', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    log.create();
    log.create();
    log.purge(1);
    position.headRead(log.head);
    expect(shown(repair(position, log))).toEqual(['receive #2@2']);
  });

  it('never announces a row that was deleted before it was delivered', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    log.create();
    log.remove(1);
    position.headRead(log.head);
    expect(shown(repair(position, log))).toEqual(['change #1@2']);
    expect(shown(position.frame(log.create()).deliveries)).toEqual(['receive #2@3']);
  });

  it('asks for the head at a frame of another epoch, and goes on where the epoch is the old one', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    expect(position.frame({ ...log.create(), epoch: 'other' }).outcome).toBe('foreign');
    expect(position.need).toBe('place');
    position.headRead(log.head);
    expect(position.need).toBe('repair');
    expect(shown(repair(position, log))).toEqual(['receive #1@1']);
  });

  it('takes the head of a new epoch as its place and says that the old one is lost', () => {
    const position = placedAt(new SimulatedStream());
    const log = new SimulatedStream('new');
    log.create();
    expect(position.headRead(log.head)).toEqual({ deliveries: [], lost: true });
    expect(shown(position.frame(log.create()).deliveries)).toEqual(['receive #2@2']);
  });

  it('takes the head as its place where the changes it needs are gone', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    log.create();
    position.headRead(log.head);
    expect(position.changesRead(log.epoch, { ...log.changes(0, 9), rows: [], reload: true }).lost).toBe(true);
    expect(position.need).toBe('nothing');
  });

  it('gives up a repair that is longer than it may hold', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    for (let count = 0; count <= maxCatchUpRows; count += 1) log.create();
    position.headRead(log.head);
    expect(position.changesRead(log.epoch, log.changes(0, maxCatchUpRows + 1)).lost).toBe(true);
  });

  it('holds a bounded number of frames and repairs the rest', () => {
    const log = new SimulatedStream();
    const position = placedAt(log);
    log.create();
    for (let count = 0; count < maxEarlyFrames + 10; count += 1) position.frame(log.create());
    expect(repair(position, log)).toHaveLength(maxEarlyFrames + 11);
    expect(position.place).toEqual(log.head);
  });

  describe('before the head is known', () => {
    it('hands frames above the head on', () => {
      const log = new SimulatedStream();
      log.create();
      const position = new StreamPosition();
      const head = log.head;
      position.frame(log.create());
      expect(shown(position.headRead(head).deliveries)).toEqual(['receive #2@2']);
    });

    it('takes frames up to the head for history, unless clients were waiting', () => {
      const log = new SimulatedStream();
      log.create();
      log.create();
      const frames = [log.change(1), log.create(), log.create()];
      const quiet = new StreamPosition();
      const waiting = new StreamPosition();
      for (const frame of frames) {
        quiet.frame(frame);
        waiting.frame(frame);
      }
      expect(quiet.headRead(log.head).deliveries).toEqual([]);
      expect(shown(waiting.headRead(log.head, { replay: true }).deliveries)).toEqual([
        'change #1@3',
        'receive #3@4',
        'receive #4@5',
      ]);
      expect(waiting.place).toEqual(log.head);
    });
  });
});

type Step = { readonly act: number; readonly pick: number };

/** Runs a random history over a lossy, doubling, reordering network and a paged source that changes between pages. */
function runSchedule(steps: readonly Step[], pageSize: number): { log: SimulatedStream; deliveries: Delivery[] } {
  const log = new SimulatedStream();
  const deliveries: Delivery[] = [];
  const position = placedAt(log);
  const network: PushFrame[] = [];
  const pickFrom = (count: number, pick: number) => pick % count;
  const send = (frame: PushFrame) => network.push(frame);
  const actions: ((pick: number) => void)[] = [
    () => send(log.create()),
    (pick) => log.head.number && send(log.change(1 + pickFrom(log.head.number, pick))),
    (pick) => log.head.number && send(log.remove(1 + pickFrom(log.head.number, pick))),
    () => send(log.markRead()),
    (pick) => {
      const [frame] = network.length ? network.splice(pickFrom(network.length, pick), 1) : [];
      if (frame) deliveries.push(...position.frame(frame).deliveries);
    },
    (pick) => {
      const frame = network[pickFrom(network.length || 1, pick)];
      if (frame) deliveries.push(...position.frame(frame).deliveries);
    },
    (pick) => network.length && network.splice(pickFrom(network.length, pick), 1),
    () => deliveries.push(...position.headRead(log.head).deliveries),
    () => {
      if (position.need !== 'repair') return;
      deliveries.push(...position.changesRead(log.epoch, log.changes(position.repairFrom, pageSize)).deliveries);
    },
  ];
  for (const { act, pick } of steps) actions[act % actions.length]?.(pick);
  deliveries.push(...position.headRead(log.head).deliveries, ...repair(position, log, pageSize));
  expect(position.place).toEqual(log.head);
  return { log, deliveries };
}

describe('stream position, whatever the network does', () => {
  const schedule = fc.array(fc.record({ act: fc.nat(8), pick: fc.nat(50) }), { maxLength: 120 });

  it('delivers each new row once and in order, and every latest state to cursor clients', () => {
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1, max: 5 }), (steps, pageSize) => {
        const { log, deliveries } = runSchedule(steps, pageSize);
        const received = deliveries.filter(({ as }) => as === 'receive').map(({ row }) => row.number);
        expect(received).toEqual([...new Set(received)].sort((a, b) => a - b));
        const latest = new Map<number, number>();
        for (const { row } of deliveries) latest.set(row.number, Math.max(row.seq, latest.get(row.number) ?? 0));
        for (const row of log.rows) {
          expect(latest.get(row.number)).toBe(row.seq);
          if (row.kind === 'notification') expect(received).toContain(row.number);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('hands changes of one row on in order of seq', () => {
    fc.assert(
      fc.property(schedule, fc.integer({ min: 1, max: 5 }), (steps, pageSize) => {
        const last = new Map<number, number>();
        for (const { row } of runSchedule(steps, pageSize).deliveries) {
          expect(row.seq).toBeGreaterThan(last.get(row.number) ?? 0);
          last.set(row.number, row.seq);
        }
      }),
      { numRuns: 500 },
    );
  });
});
