import { expect, it } from 'vitest';
import { Tracker } from './tracker.ts';

it('a message is displayed when its last member has it', async () => {
  const tracker = new Tracker(2);
  tracker.planned('one', performance.now());
  tracker.displayed('one', 0);
  const settled = tracker.settled(60_000);
  tracker.displayed('one', 1);
  await settled;
  expect(tracker.take()).toMatchObject({ displayMs: [expect.any(Number)], missing: 0, duplicates: 0 });
});

it('one member that has it twice does not stand for another', () => {
  const tracker = new Tracker(2);
  tracker.planned('one', 0);
  tracker.displayed('one', 0);
  tracker.displayed('one', 0);
  expect(tracker.take()).toEqual({ displayMs: [], missing: 1, duplicates: 1 });
});

it('notes what comes again after everybody had it, and forgets it with the round', () => {
  const tracker = new Tracker(1);
  tracker.planned('one', 0);
  tracker.displayed('one', 0);
  tracker.displayed('one', 0);
  tracker.displayed('of somebody else', 0);
  expect(tracker.take()).toMatchObject({ missing: 0, duplicates: 1 });
  tracker.displayed('one', 0);
  expect(tracker.take()).toEqual({ displayMs: [], missing: 0, duplicates: 0 });
});

it('waits for nobody where nobody looks', async () => {
  const tracker = new Tracker(0);
  tracker.planned('one', 0);
  await tracker.settled(60_000);
  expect(tracker.take()).toEqual({ displayMs: [], missing: 0, duplicates: 0 });
});
