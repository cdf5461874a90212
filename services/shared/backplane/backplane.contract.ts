import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '#test/eventually.ts';
import type { Backplane } from './backplane.ts';

/** Two processes' ends of one backplane, and how to leave it. One object where all live in one process. */
export type BackplanePair = { readonly here: Backplane; readonly there: Backplane; close(): Promise<void> };

export function describeBackplane(name: string, make: () => Promise<BackplanePair>): void {
  describe(`backplane: ${name}`, () => {
    const pairs: BackplanePair[] = [];
    afterEach(async () => {
      for (const pair of pairs.splice(0)) await pair.close();
    });
    const open = async () => {
      const pair = await make();
      pairs.push(pair);
      await eventually(() =>
        pair.here.state === 'up' && pair.there.state === 'up' ? undefined : 'the backplane is not up',
      );
      return pair;
    };
    const channelName = () => `sonixy:test:${randomUUID()}`;
    const collect = async (backplane: Backplane, channel: string) => {
      const frames: string[] = [];
      const subscription = await backplane.subscribe(channel, (frame) =>
        frames.push(Buffer.from(frame).toString('latin1')),
      );
      return { frames, ...subscription };
    };
    const text = (value: string) => Buffer.from(value, 'latin1');
    const has = (frames: string[], ...wanted: string[]) =>
      eventually(() => (frames.join() === wanted.join() ? undefined : `has ${frames.slice(-5).join()}`));

    it('hands a frame to every subscriber, the publisher included', async () => {
      const { here, there } = await open();
      const channel = channelName();
      const [own, foreign] = [await collect(here, channel), await collect(there, channel)];
      await here.publish(channel, text('a'));
      await has(own.frames, 'a');
      await has(foreign.frames, 'a');
    });

    it('keeps channels apart', async () => {
      const { here, there } = await open();
      const [channel, other] = [channelName(), channelName()];
      const [wanted, unwanted] = [await collect(there, channel), await collect(there, other)];
      await here.publish(channel, text('a'));
      await here.publish(other, text('b'));
      await has(unwanted.frames, 'b');
      expect(wanted.frames).toEqual(['a']);
    });

    it('carries any bytes, and none', async () => {
      const { here, there } = await open();
      const channel = channelName();
      const received = await collect(there, channel);
      const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
      const partOfLarger = Buffer.concat([text('xx'), allBytes, text('yy')]).subarray(2, 258);
      await here.publish(channel, partOfLarger);
      await here.publish(channel, new Uint8Array());
      await eventually(() => (received.frames.length === 2 ? undefined : 'not both came'));
      expect(received.frames).toEqual([allBytes.toString('latin1'), '']);
    });

    it('keeps the order of one publisher on one channel', async () => {
      const { here, there } = await open();
      const channel = channelName();
      const received = await collect(there, channel);
      const sent = Array.from({ length: 2_000 }, (_, index) => String(index));
      await Promise.all(sent.map((frame) => here.publish(channel, text(frame))));
      await eventually(() => (received.frames.length === sent.length ? undefined : `${received.frames.length} came`));
      expect(received.frames).toEqual(sent);
    });

    it('publishes one frame on many channels, in order with what is published singly', async () => {
      const { here, there } = await open();
      const channels = Array.from({ length: 50 }, channelName);
      const received = await Promise.all(channels.map((channel) => collect(there, channel)));
      const [first = ''] = channels;
      await Promise.all([here.publish(first, text('a')), here.publishMany(channels, text('b'))]);
      await here.publishMany(channels, text('c'));
      await here.publishMany([], text('d'));
      await has(received[0]?.frames ?? [], 'a', 'b', 'c');
      for (const { frames } of received.slice(1)) await has(frames, 'b', 'c');
    });

    it('publishes where nobody listens', async () => {
      const { here } = await open();
      await expect(here.publish(channelName(), text('a'))).resolves.toBeUndefined();
    });

    it('serves several listeners of one channel, each until it leaves', async () => {
      const { here, there } = await open();
      const channel = channelName();
      const [leaving, staying] = [await collect(here, channel), await collect(here, channel)];
      await there.publish(channel, text('a'));
      await has(leaving.frames, 'a');
      leaving.unsubscribe();
      leaving.unsubscribe();
      await there.publish(channel, text('b'));
      await has(staying.frames, 'a', 'b');
      expect(leaving.frames).toEqual(['a']);
    });

    it('serves a listener that comes right after the last one left', async () => {
      const { here, there } = await open();
      const channel = channelName();
      const first = await collect(here, channel);
      first.unsubscribe();
      const second = await collect(here, channel);
      await there.publish(channel, text('a'));
      await has(second.frames, 'a');
      expect(first.frames).toEqual([]);
    });

    it('hands nothing to one that left', async () => {
      const { here, there } = await open();
      const [channel, marker] = [channelName(), channelName()];
      const [left, staying] = [await collect(here, channel), await collect(here, marker)];
      left.unsubscribe();
      await there.publish(channel, text('a'));
      await there.publish(marker, text('b'));
      await has(staying.frames, 'b');
      expect(left.frames).toEqual([]);
    });

    it('serves thousands of channels', async () => {
      const { here, there } = await open();
      const channels = Array.from({ length: 3_000 }, channelName);
      let came = 0;
      await Promise.all(channels.map((channel) => here.subscribe(channel, () => (came += 1))));
      await Promise.all(channels.map((channel) => there.publish(channel, text('a'))));
      await eventually(() => (came === channels.length ? undefined : `${came} came`));
    });

    it('refuses everything after the end', async () => {
      const { here, close } = await open();
      await close();
      await expect(here.publish(channelName(), text('a'))).rejects.toMatchObject({ code: 'unavailable' });
      await expect(here.publishMany([channelName()], text('a'))).rejects.toMatchObject({ code: 'unavailable' });
      await expect(here.subscribe(channelName(), () => {})).rejects.toMatchObject({ code: 'unavailable' });
    });
  });
}
