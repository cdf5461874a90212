import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { fingerprintOf, SimulatedPod } from './pod.fixture.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let pod: SimulatedPod;
beforeEach(async () => {
  pod = await SimulatedPod.create();
});
afterEach(() => pod[Symbol.asyncDispose]());

describeWithServer('redis', 'the certificate of Redis', () => {
  test('is renewed without a restart or a lost connection', async () => {
    const first = await pod.mount();
    await pod.startRedis();
    await pod.startSidecar();
    expect(await pod.served()).toBe(fingerprintOf(first));
    const [subscriber, publisher] = [await pod.client('hub'), await pod.client('hub')];
    const heard: string[] = [];
    let lost = 0;
    for (const it of [subscriber, publisher]) it.on('close', () => lost++);
    await subscriber.subscribe('sonixy:user:alice');
    subscriber.on('message', (_, text: string) => heard.push(text));
    const { pid } = pod.redis;

    for (let times = 1; times <= 2; times++) {
      const next = await pod.mount();
      await pod.becomesServed(next);
      await publisher.publish('sonixy:user:alice', `after ${times}`);
      await eventually(() => (heard.includes(`after ${times}`) ? undefined : 'it was not heard'));
    }

    expect(pod.redis.pid).toBe(pid);
    expect(lost).toBe(0);
    expect(await (await pod.client('hub')).ping()).toBe('PONG');
    expect(pod.sidecar.output()).not.toContain(await readFile(join(pod.folder, 'password'), 'utf8'));
  });

  test('is renewed where it has run out', async () => {
    const expired = await pod.mount({ startsIn: -7_200_000 });
    await pod.startRedis();
    expect(await pod.served()).toBe(fingerprintOf(expired));
    await expect((await pod.client('hub')).ping()).rejects.toThrow();
    const good = await pod.mount();
    await pod.startSidecar();
    await pod.becomesServed(good);
    expect(await (await pod.client('hub')).ping()).toBe('PONG');
  });

  test('stays as it is while the Secret holds a certificate and a key that do not belong together', async () => {
    const good = await pod.mount();
    await pod.startRedis();
    await pod.startSidecar();
    await pod.mount({ privateKey: good.privateKey });
    await pod.says('Unable to update TLS');
    expect(await pod.served()).toBe(fingerprintOf(good));
    expect(await (await pod.client('hub')).ping()).toBe('PONG');
    await pod.becomesServed(await pod.mount());
  });

  test('is looked after by a user who may do nothing else', async () => {
    await pod.mount();
    await pod.startRedis();
    const sidecar = await pod.client('sidecar');
    const hub = await pod.client('hub');
    expect(await sidecar.call('CONFIG', 'SET', 'loglevel', 'notice')).toBe('OK');
    await expect(hub.call('CONFIG', 'SET', 'loglevel', 'notice')).rejects.toThrow('NOPERM');
    for (const command of [
      ['CONFIG', 'GET', 'dir'],
      ['CONFIG', 'REWRITE'],
      ['SAVE'],
      ['GET', 'key'],
      ['ACL', 'LIST'],
    ]) {
      await expect(sidecar.call(...(command as [string])), command.join(' ')).rejects.toThrow('NOPERM');
    }
    await expect(sidecar.call('CONFIG', 'SET', 'dir', '/tmp')).rejects.toThrow('protected config');
  });
});
