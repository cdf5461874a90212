import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Delivery, type Place, StreamPosition } from './position.ts';
import { SimulatedStream } from './position-simulator.fixture.ts';

const shown = (deliveries: readonly Delivery[]) => deliveries.map(({ as, row }) => `${as} #${row.number}@${row.seq}`);

function repair(position: StreamPosition, log: SimulatedStream, pageSize = 100): Delivery[] {
  const deliveries: Delivery[] = [];
  for (let round = 0; position.need === 'repair'; round += 1) {
    if (round > 1_000) throw new Error('the repair never ends');
    deliveries.push(...position.changesRead(log.epoch, log.changes(position.repairFrom, pageSize)).deliveries);
  }
  return deliveries;
}

function worldOf(rows: number) {
  const log = new SimulatedStream();
  const position = new StreamPosition();
  const frames = Array.from({ length: rows }, () => log.create());
  position.headRead(log.head);
  return { log, position, frames };
}

describe('a position that starts from a row', () => {
  it('hands out that row and all that follow as new, and nothing before', () => {
    const { log, position } = worldOf(5);
    log.change(2);
    position.headRead(log.head);
    repair(position, log);
    position.startFrom(4);
    expect(position.need).toBe('repair');
    expect(shown(repair(position, log))).toEqual(['receive #4@4', 'receive #5@5', 'change #2@6']);
    expect(shown(position.frame(log.create()).deliveries)).toEqual(['receive #6@7']);
  });

  it('holds frames until it knows which numbers are new', () => {
    const { log, position } = worldOf(5);
    position.startFrom(5);
    const next = log.create();
    expect(position.frame(next)).toEqual({ outcome: 'early', deliveries: [] });
    expect(shown(repair(position, log))).toEqual(['receive #5@5', 'receive #6@6']);
  });

  it('begins there also when its place was not known yet', () => {
    const log = new SimulatedStream();
    const position = new StreamPosition();
    for (let count = 0; count < 5; count += 1) log.create();
    position.startFrom(4);
    expect(shown(position.headRead(log.head, { replay: true }).deliveries)).toEqual([]);
    expect(shown(repair(position, log, 1))).toEqual(['receive #4@4', 'receive #5@5']);
  });

  it('goes on as before where that row is still to come', () => {
    const { log, position } = worldOf(2);
    position.startFrom(3);
    expect(position.need).toBe('nothing');
    expect(shown(position.frame(log.create()).deliveries)).toEqual(['receive #3@3']);
  });

  it('takes nothing for new when that row has moved', () => {
    const { log, position } = worldOf(3);
    log.remove(3);
    position.headRead(log.head);
    repair(position, log);
    position.startFrom(3);
    expect(shown(repair(position, log))).toEqual(['change #3@4']);
    expect(shown(position.frame(log.create()).deliveries)).toEqual(['receive #4@5']);
  });

  it('keeps the earliest of several starts', () => {
    const { log, position } = worldOf(5);
    position.startFrom(4);
    position.startFrom(5);
    position.startFrom(3);
    expect(shown(repair(position, log))).toEqual(['receive #3@3', 'receive #4@4', 'receive #5@5']);
  });

  it('shows each row from there on once and in order, whatever frames come meanwhile', () => {
    const steps = fc.array(fc.nat(9), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), steps, fc.integer({ min: 1, max: 3 }), (since, acts, pageSize) => {
        const { log, position } = worldOf(6);
        position.startFrom(since);
        const received: number[] = [];
        const take = (deliveries: readonly Delivery[]) => {
          for (const { as, row } of deliveries) if (as === 'receive') received.push(row.number);
        };
        for (const act of acts) {
          // Rows below `since` may change at will; that one itself is a system message and stays.
          const frame = act < 5 ? log.create() : log.change(1 + (act % (since - 1)));
          if (act % 2) take(position.frame(frame).deliveries);
          if (act === 7) take(position.changesRead(log.epoch, log.changes(position.repairFrom, pageSize)).deliveries);
        }
        position.headRead(log.head);
        take(repair(position, log, pageSize));
        expect(received).toEqual(Array.from({ length: log.head.number - since + 1 }, (_, index) => since + index));
      }),
    );
  });
});

describe('a position that returns to a place', () => {
  it('hands out once more what came after it, new rows as new', () => {
    const { log, position } = worldOf(2);
    const before = position.place as Place;
    expect(shown([log.create(), log.create(), log.change(1)].flatMap((it) => position.frame(it).deliveries))).toEqual([
      'receive #3@3',
      'receive #4@4',
      'change #1@5',
    ]);
    position.returnTo(before);
    expect(shown(repair(position, log))).toEqual(['receive #3@3', 'receive #4@4', 'change #1@5']);
    expect(position.need).toBe('nothing');
  });

  it('stays where it is for a later place, or one of another life', () => {
    const { log, position } = worldOf(2);
    const now = position.place as Place;
    position.returnTo({ ...now, seq: 3 });
    position.returnTo({ ...now, epoch: 'other', seq: 1 });
    expect([position.place, position.need]).toEqual([log.head, 'nothing']);
  });
});
