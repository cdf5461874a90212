import { describe, expect, it } from 'vitest';
import { checkProps } from '../check-props.ts';
import { production } from '../environments/production.ts';
import type { ExternalStore, PlatformProps } from '../platform-props.ts';
import { amqpSettings, mongoSettings, redisSettings } from '../services/environment-parts.ts';
import { type KubeObject, renderPlatform } from '../synth/render.ts';
import { externalFaults } from './external-store.ts';

const rabbitmq = { url: 'amqps://mq.example.com/realtime', passwords: 'mq', ca: { secret: 'mq-ca', key: 'root.pem' } };
const mongodb = { url: 'mongodb://a.example.com:27018,b.example.com/?replicaSet=x&tls=true', passwords: 'db' };
const redis = { url: 'rediss://cache.example.com:6380', passwords: 'cache' };

const allExternal: PlatformProps = {
  ...production,
  rabbitmq: { external: rabbitmq },
  mongodb: { external: mongodb },
  redis: { external: redis },
};

const namesOf = (objects: readonly KubeObject[], kind: string) =>
  objects.filter((it) => it.kind === kind).map(({ metadata: { name } }) => name);

describe('a store that somebody else runs', () => {
  it('is not rendered, nor is what belongs to it', () => {
    const objects = renderPlatform({ ...production, rabbitmq: { external: rabbitmq } }).platform;
    for (const kind of ['StatefulSet', 'Service', 'PodDisruptionBudget', 'NetworkPolicy', 'ServiceAccount']) {
      expect(namesOf(objects, kind)).not.toContain('rabbitmq');
    }
    expect(namesOf(objects, 'StatefulSet')).toEqual(['mongodb']);
    const job = objects.find((it) => it.kind === 'Job' && !it.metadata.name.startsWith('rabbitmq-topology'));
    expect(JSON.stringify(job)).toContain('MONGODB_NAMES');
    expect(JSON.stringify(job)).not.toContain('RABBITMQ_NAMES');
  });

  it('needs no authority of ours where all are external', () => {
    const objects = renderPlatform(allExternal).platform;
    expect(namesOf(objects, 'StatefulSet')).toEqual([]);
    expect(namesOf(objects, 'CronJob')).toEqual([]);
    expect(JSON.stringify(objects)).not.toMatch(/"secretName":"(rabbitmq|mongodb|redis)-/);
    expect(namesOf(renderPlatform(production).platform, 'CronJob')).toEqual(['certificates']);
  });

  it('is connected to by its URL as the user of the service, with the password of its Secret', () => {
    const amqp = amqpSettings(allExternal, 'hub');
    expect(amqp.environment.AMQP_URL).toBe('amqps://hub@mq.example.com/realtime');
    expect(amqp.mounts[0]?.volume.secret).toMatchObject({ secretName: 'mq', items: [{ key: 'hub', path: 'hub' }] });
    expect(mongoSettings(allExternal, 'chat').environment.MONGODB_URL).toBe(
      'mongodb://chat@a.example.com:27018,b.example.com/?replicaSet=x&tls=true',
    );
    expect(redisSettings(allExternal, 'gateway').environment.REDIS_URL).toBe('rediss://gateway@cache.example.com:6380');
  });

  it('is trusted by the authority that is named, beside the public ones', () => {
    const hub = renderPlatform(allExternal).platform.find(
      (it) => it.kind === 'Deployment' && it.metadata.name === 'hub',
    );
    expect(JSON.stringify(hub)).toContain(
      '"sources":[{"secret":{"items":[{"key":"root.pem","path":"rabbitmq.crt"}],"name":"mq-ca"}}]',
    );
    const gateway = renderPlatform(allExternal).platform.find(
      (it) => it.kind === 'Deployment' && it.metadata.name === 'gateway',
    );
    expect(JSON.stringify(gateway)).not.toContain('TRUSTED_CA_DIR');
  });

  it('is reached on its ports, by who needs it and nobody else', () => {
    const egress = (name: string) => {
      const policy = renderPlatform(allExternal).platform.find(
        (it) => it.kind === 'NetworkPolicy' && it.metadata.name === name,
      );
      const spec = policy?.['spec'] as { egress: { to?: object; ports: { port: number }[] }[] } | undefined;
      const rules = spec?.egress ?? [];
      return rules.filter(({ to }) => to === undefined).map(({ ports }) => ports.map(({ port }) => port));
    };
    expect(egress('chat')).toEqual(expect.arrayContaining([[5671], [27_018, 27_017], [6380]]));
    expect(egress('hub')).toEqual(expect.arrayContaining([[5671], [6380]]));
    expect(egress('hub').flat()).not.toContain(27_017);
    expect(egress('gateway').flat()).not.toContain(5671);
    expect(egress('bootstrap')).toContainEqual([5671]);
  });

  it('of RabbitMQ gets our queues by a Job, which a new release of the image runs anew', () => {
    const jobOf = (tag: string) => {
      const objects = renderPlatform({ ...allExternal, images: { tag } }).platform;
      return objects.find((it) => it.kind === 'Job' && it.metadata.name.startsWith('rabbitmq-topology-'));
    };
    const job = JSON.stringify(jobOf('1'));
    expect(job).toContain('"args":["rabbitmq-topology"]');
    expect(job).toContain('amqps://admin@mq.example.com/realtime');
    expect(jobOf('1')?.metadata.name).not.toBe(jobOf('2')?.metadata.name);
    const own = namesOf(renderPlatform(production).platform, 'Job');
    expect(own.filter((name) => name.startsWith('rabbitmq-topology'))).toEqual([]);
  });

  it.each<[string, ExternalStore, RegExp]>([
    ['a user', { ...rabbitmq, url: 'amqps://me:secret@mq.example.com' }, /no user, got "amqps:\/\/\*\*\*@mq\.example/],
    ['another scheme', { ...rabbitmq, url: 'https://mq.example.com' }, /must be amqps:\/\/ or amqp:\/\//],
    ['the Secret that bootstrap makes', { ...rabbitmq, passwords: 'rabbitmq-passwords' }, /another Secret/],
  ])('is refused with %s', (_, external, why) => {
    expect(() => checkProps({ ...production, rabbitmq: { external } })).toThrow(why);
    expect(externalFaults('rabbitmq', rabbitmq)).toEqual([]);
    expect(() => checkProps(allExternal)).not.toThrow();
  });
});
