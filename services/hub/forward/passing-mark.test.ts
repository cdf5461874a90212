import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createSealer, type TokenKeys } from '#shared/signalr/index.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { PassingMark } from './passing-mark.ts';

const [one, two] = [randomBytes(32), randomBytes(32)];
const keysOf = (current: string, keys: Record<string, Uint8Array>): TokenKeys => ({
  current,
  keys: new Map(Object.entries(keys)),
});
const old = keysOf('1', { 1: one });
const requestWith = (headers: IncomingHttpHeaders) => ({ headers }) as IncomingMessage;

describe('the mark of a request that a worker passed on', () => {
  it('tells the client on every worker with the key, before and after a rotation', () => {
    const clock = new FakeClock();
    for (const address of ['10.1.2.3', 'fd00::1']) {
      const request = requestWith(new PassingMark(createSealer(old), clock).headersFor(address));
      for (const keys of [old, keysOf('2', { 1: one, 2: two })]) {
        const mark = new PassingMark(createSealer(keys), clock);
        expect([mark.clientOf(request), mark.isClaimed(request)]).toEqual([address, true]);
      }
      const after = new PassingMark(createSealer(keysOf('2', { 2: two })), clock);
      expect([after.clientOf(request), after.isClaimed(request)]).toEqual([undefined, true]);
    }
  });

  it('is worth nothing after a minute', () => {
    const clock = new FakeClock();
    const headers = new PassingMark(createSealer(old), clock).headersFor('10.1.2.3');
    const read = () => new PassingMark(createSealer(old), clock).clientOf(requestWith(headers));
    clock.advance(60_000);
    expect(read()).toBe('10.1.2.3');
    clock.advance(1);
    expect(read()).toBeUndefined();
  });

  it('cannot be made by anybody else, and is claimed nevertheless', () => {
    const clock = new FakeClock();
    const sealer = createSealer(old);
    const mark = new PassingMark(sealer, clock);
    const [name = '', sealed = ''] = Object.entries(mark.headersFor('10.1.2.3'))[0] ?? [];
    const text = `${clock.now()} 10.1.2.3`;
    const forged = [
      '',
      text,
      sealed.slice(0, -3),
      createSealer(keysOf('1', { 1: two })).seal('forwarded', text),
      sealer.seal('/hubs/notifications', text),
      sealer.seal('forwarded', `${clock.now()} nobody`),
      sealer.seal('forwarded', '10.1.2.3'),
    ];
    for (const value of forged) {
      const request = requestWith({ [name]: value });
      expect([mark.clientOf(request), mark.isClaimed(request)]).toEqual([undefined, true]);
    }
    expect(mark.clientOf(requestWith({ [name]: sealed }))).toBe('10.1.2.3');
    expect(mark.isClaimed(requestWith({}))).toBe(false);
  });
});
