import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AckWindow } from './ack-window.ts';

it('acknowledges a run at once', () => {
  const window = new AckWindow();
  for (const tag of [1, 2, 3]) window.settle(tag);
  expect(window.pending).toBe(3);
  expect(window.takeRun()).toBe(3);
  expect(window.pending).toBe(0);
  expect(window.takeRun()).toBeUndefined();
});

it('waits for the first of a run', () => {
  const window = new AckWindow();
  window.settle(2);
  window.settle(3);
  expect(window.takeRun()).toBeUndefined();
  expect(window.stragglers).toBe(2);
  window.settle(1);
  expect(window.takeRun()).toBe(3);
});

it('lets none wait for a slow one when told so, and then names no tag twice', () => {
  const window = new AckWindow();
  window.settle(2);
  window.settle(3);
  expect(window.takeStragglers()).toEqual([2, 3]);
  window.settle(1);
  expect(window.takeRun()).toBe(1);
  expect(window.takeRun()).toBeUndefined();
});

type Broker = { held: Set<number>; acked: Set<number> };

/** As RabbitMQ: an acknowledgement of a tag that is not held closes the channel. */
function ack(broker: Broker, tag: number, multiple: boolean): void {
  if (!broker.held.has(tag)) throw new Error(`unknown delivery tag ${tag}`);
  for (const held of [...broker.held]) {
    if (held === tag || (multiple && held < tag)) {
      broker.held.delete(held);
      broker.acked.add(held);
    }
  }
}

it('acknowledges every settled delivery once and no other, in any order of settling and flushing', () => {
  const step = fc.oneof(fc.constant('settle'), fc.constant('requeue'), fc.constant('run'), fc.constant('stragglers'));
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat())), (steps) => {
      const tags = Array.from({ length: 40 }, (_, index) => index + 1);
      const broker: Broker = { held: new Set(tags), acked: new Set() };
      const open = [...tags];
      const settled = new Set<number>();
      const window = new AckWindow();
      for (const [kind, choice] of steps) {
        const [tag] = kind === 'settle' || kind === 'requeue' ? open.splice(choice % Math.max(open.length, 1), 1) : [];
        if (tag !== undefined && kind === 'settle') {
          settled.add(tag);
          window.settle(tag);
        } else if (tag !== undefined) {
          broker.held.delete(tag);
          window.skip(tag);
        } else if (kind === 'run') {
          const upTo = window.takeRun();
          if (upTo !== undefined) ack(broker, upTo, true);
        } else if (kind === 'stragglers') {
          for (const straggler of window.takeStragglers()) ack(broker, straggler, false);
        }
        for (const acked of broker.acked) expect(settled).toContain(acked);
        expect(window.pending).toBe(settled.size - broker.acked.size);
      }
      const upTo = window.takeRun();
      if (upTo !== undefined) ack(broker, upTo, true);
      for (const straggler of window.takeStragglers()) ack(broker, straggler, false);
      expect(broker.acked).toEqual(settled);
    }),
  );
});
