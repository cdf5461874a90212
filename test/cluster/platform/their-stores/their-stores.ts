import { type RabbitmqUser, rabbitmqDefinitions, rabbitmqUsers } from '#services/bootstrap/rabbitmq/definitions.ts';
import { dev } from '../../../../cdk8s/environments/dev.ts';
import type { PlatformProps } from '../../../../cdk8s/platform-props.ts';
import { renderPlatform } from '../../../../cdk8s/synth/render.ts';
import type { Secret } from '../../api/objects.ts';
import type { PodObject } from '../../api/pod-spec.ts';
import type { Cluster, Manifest } from '../../client/cluster.ts';

const timeoutMs = 300_000;

/** Where our queues are to be in their RabbitMQ. */
export const vhost = 'realtime';

/**
 * RabbitMQ, MongoDB and Redis with TLS in a namespace that others own, to the platform as any that somebody else runs. Closed
 * to nobody: their network is not ours.
 *
 * @param registry of the images of ours that prepare them
 */
export async function applyTheirStores(cluster: Cluster, registry?: string): Promise<void> {
  const images = { ...dev.images, ...(registry ? { registry } : {}) };
  const platform: PlatformProps = { ...dev, images, tls: 'internal', namespace: cluster.namespace };
  const objects = renderPlatform(platform).platform.filter(
    ({ kind, metadata }) => kind !== 'NetworkPolicy' && /^(rabbitmq|mongodb|redis|bootstrap)/.test(metadata.name),
  );
  for (const object of objects) await cluster.apply(object as Manifest, { force: true });
  const ready = (kind: string, name: string) => cluster.ready(kind, name, { timeoutMs });
  await Promise.all([ready('Deployment', 'redis'), ready('StatefulSet', 'rabbitmq'), ready('StatefulSet', 'mongodb')]);
}

/** What their people hand out: for each store passwords by user, and the authority. */
export async function takeSecrets(from: Cluster, to: Cluster): Promise<void> {
  const read = async (name: string) => (await from.get<Secret>('Secret', name)).data ?? {};
  const give = (name: string, data: Readonly<Record<string, string>>) =>
    to.create({ kind: 'Secret', metadata: { name }, data });
  for (const store of ['rabbitmq', 'mongodb', 'redis']) await give(`their-${store}`, await read(`${store}-passwords`));
  await give('their-authority', { 'root.pem': (await read('rabbitmq-tls'))['ca.crt'] ?? '' });
}

/** The platform of dev on their stores. */
export function platformOn(theirs: Cluster, { namespace }: Cluster): PlatformProps {
  const ca = { secret: 'their-authority', key: 'root.pem' };
  const inTheirs = `${theirs.namespace}.svc`;
  const member = `mongodb-0.mongodb.${inTheirs}.cluster.local:27017`;
  return {
    ...dev,
    namespace,
    tls: 'internal',
    rabbitmq: { external: { url: `amqps://rabbitmq.${inTheirs}/${vhost}`, passwords: 'their-rabbitmq', ca } },
    mongodb: {
      external: {
        url: `mongodb://${member}/?replicaSet=rs0&tls=true&authSource=admin`,
        passwords: 'their-mongodb',
        ca,
      },
    },
    redis: { external: { url: `rediss://redis.${inTheirs}`, passwords: 'their-redis', ca } },
  };
}

/** In our vhost, which is made: our users with their rights, but nothing for those who `may` not. */
export async function allowInVhost(theirs: Cluster, { may }: { may: (user: string) => boolean }): Promise<void> {
  const nobody = Object.fromEntries(rabbitmqUsers.map((user) => [user, ''])) as Record<RabbitmqUser, string>;
  const { permissions } = rabbitmqDefinitions(nobody) as { permissions: { user: string }[] };
  const nothing = { configure: '^$', write: '^$', read: '^$' };
  const input = JSON.stringify({
    vhosts: [{ name: vhost }],
    permissions: permissions.map((it) => ({ ...it, vhost, ...(may(it.user) ? {} : nothing) })),
  });
  const argv = ['rabbitmqctl', 'import_definitions'];
  const { code, out, err } = await theirs.exec('rabbitmq-0', argv, { container: 'rabbitmq', input });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${out}${err}`);
}

/** What Redis answers one of its users. */
export async function redisAs(theirs: Cluster, user: string, ...command: string[]): Promise<string> {
  const password = await passwordOf(theirs, 'redis-passwords', user);
  const [pod] = (await theirs.list<PodObject>('Pod', 'app.kubernetes.io/name=redis')).filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
  const login = ['--tls', '--cacert', '/etc/redis-tls/ca.crt', '-h', 'localhost', '--no-auth-warning'];
  const argv = ['redis-cli', ...login, '--user', user, '--pass', password, ...command];
  const { out, err } = await theirs.exec(pod?.metadata.name ?? '', argv, { container: 'redis' });
  return (out + err).trim();
}

export async function passwordOf(cluster: Cluster, secret: string, key: string): Promise<string> {
  const { data } = await cluster.get<Secret>('Secret', secret);
  return Buffer.from(data?.[key] ?? '', 'base64').toString();
}
