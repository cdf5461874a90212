import { authoritySecret, certificateKeys, certificateSecrets, secrets } from '#shared/contract/secrets.ts';
import { givenSecrets, madeElsewhere } from '../rendered/given.ts';
import { type Contained, type Manifests, whereOf } from '../rendered/manifests.ts';
import { configMapsIn, isGiven, secretsIn } from '../rendered/volumes.ts';
import type { ObjectOf } from '../rendered/wire.ts';
import { eachContainer, eachWorkload, faultsOf, part } from './each.ts';
import { hostsOf } from './hosts.ts';
import type { Rule } from './rule.ts';

const hubVolumes = (manifests: Manifests) => part(manifests.podOf('hub').volumes);
const secretVolume = (manifests: Manifests) => part(hubVolumes(manifests).find(({ secret }) => secret)?.secret);
const main = (manifests: Manifests) => manifests.containerOf('hub');
const variable = (manifests: Manifests, name: string) => part(main(manifests).env?.find((it) => it.name === name));

function volumesOf({ workload: { template, object } }: Contained): string[] {
  const claims = (object as ObjectOf<'StatefulSet'>).spec.volumeClaimTemplates ?? [];
  return [...(template.spec.volumes ?? []), ...claims.map(({ metadata }) => metadata)].map(({ name }) => name);
}

/** Whose passwords a Secret of a store holds by key. */
const passwordSecrets: readonly string[] = [secrets.rabbitmq.name, secrets.redis.name, secrets.mongodb.name];
const servers: Readonly<Record<string, string>> = {
  [secrets.rabbitmq.name]: 'rabbitmq',
  [secrets.redis.name]: 'redis',
  [secrets.mongodb.name]: 'mongodb',
  ...Object.fromEntries(Object.entries(certificateSecrets).map(([store, name]) => [name, store])),
};

/** Whether everything that is named is there, and nobody is given what is another's. */
export const referenceRules: readonly Rule[] = [
  {
    name: 'config-maps-are-there',
    check: eachWorkload(({ template }, manifests) => {
      const missing = configMapsIn(template.spec).filter((name) => !manifests.find('ConfigMap', name));
      return missing.length > 0 ? `mounts ${missing.join()}, which is not there` : undefined;
    }),
    breaks: { gone: (it) => it.objects.splice(it.objects.indexOf(it.get('ConfigMap', 'redis')), 1) },
  },
  {
    name: 'secrets-are-known',
    check: eachWorkload(({ template: { spec } }, manifests) => {
      const given = givenSecrets(manifests);
      const pulled = (spec.imagePullSecrets ?? []).map(({ name }) => name).filter((name) => !given.has(name));
      const missing = secretsIn(spec).flatMap(({ secretName, items }) => {
        const keys = given.get(secretName);
        if (!keys) return [secretName];
        if (!items) return [`all of ${secretName}`];
        return items.filter(({ key }) => !keys.includes(key)).map(({ key }) => `${secretName}/${key}`);
      });
      return missing.length + pulled.length > 0
        ? `mounts ${[...missing, ...pulled].join()}, which nobody makes`
        : undefined;
    }),
    breaks: {
      'another name': (it) => Object.assign(secretVolume(it), { secretName: 'sonixy-secrets' }),
      'another key': (it) => Object.assign(part(secretVolume(it).items?.[0]), { key: 'secret' }),
      'all keys': (it) => delete secretVolume(it).items,
      pulled: (it) => Object.assign(it.podOf('hub'), { imagePullSecrets: [{ name: 'nobody' }] }),
    },
  },
  {
    name: 'mounts-have-volumes',
    check: eachContainer((contained) => {
      const volumes = volumesOf(contained);
      const mounts = contained.container.volumeMounts ?? [];
      const missing = mounts.filter(({ name }) => !volumes.includes(name));
      const paths = mounts.map(({ mountPath }) => mountPath);
      if (missing.length > 0) return `mounts ${missing.map(({ name }) => name).join()}, which is no volume`;
      return new Set(paths).size < paths.length ? 'mounts two on one folder' : undefined;
    }),
    breaks: {
      gone: (it) => hubVolumes(it).shift(),
      'one folder': (it) => Object.assign(part(main(it).volumeMounts?.[0]), { mountPath: '/tmp' }),
    },
  },
  {
    name: 'volumes-are-mounted',
    check: eachWorkload(({ template: { spec }, object }, manifests) => {
      const all = manifests.containers.filter(({ workload }) => workload.object === object);
      const mounted = new Set(all.flatMap(({ container }) => (container.volumeMounts ?? []).map(({ name }) => name)));
      const names = (spec.volumes ?? []).map(({ name }) => name);
      const idle = names.filter((name) => !mounted.has(name));
      if (new Set(names).size < names.length) return 'has two volumes of one name';
      return idle.length > 0 ? `has ${idle.join()} for nobody` : undefined;
    }),
    breaks: {
      'for nobody': (it) => main(it).volumeMounts?.shift(),
      twice: (it) => hubVolumes(it).push(structuredClone(part(hubVolumes(it)[0]))),
    },
  },
  {
    name: 'secrets-are-read-only',
    check: eachContainer(({ container, workload }) => {
      const kept = (workload.template.spec.volumes ?? []).filter(isGiven);
      const open = (container.volumeMounts ?? []).filter(
        ({ name, readOnly }) => !readOnly && kept.some((volume) => volume.name === name),
      );
      // Certificates are for all to see.
      const wide = secretsIn(workload.template.spec).filter(
        ({ mode, items }) => (mode & 0o007) > 0 && (items ?? [{ path: '' }]).some(({ path }) => !path.endsWith('.crt')),
      );
      if (wide.length > 0) return `shows ${wide.map((it) => it.secretName).join()} to every user of the pod`;
      return open.length > 0 ? `may write to ${open.map(({ name }) => name).join()}` : undefined;
    }),
    breaks: {
      'may write': (it) => delete part(main(it).volumeMounts?.find(({ readOnly }) => readOnly)).readOnly,
      'for all': (it) => Object.assign(secretVolume(it), { defaultMode: 0o444 }),
      default: (it) => delete secretVolume(it).defaultMode,
    },
  },
  {
    name: 'nobody-has-anothers-secret',
    check: eachWorkload(({ template: { spec, metadata } }) => {
      const own = metadata.labels?.['app.kubernetes.io/name'] ?? '';
      const others = secretsIn(spec).flatMap(({ secretName, items = [] }) => {
        const server = servers[secretName];
        if (secretName === authoritySecret) return [secretName];
        if (server === undefined || server === own) return [];
        const mayHave = passwordSecrets.includes(secretName) ? own : certificateKeys.trusted;
        return items.filter(({ key }) => key !== mayHave).map(({ key }) => `${secretName}/${key}`);
      });
      return others.length > 0 ? `has ${others.join()}` : undefined;
    }),
    breaks: {
      password: (it) => {
        const volume = hubVolumes(it).find(({ name }) => name === secrets.redis.name);
        Object.assign(part(volume?.secret?.items?.[0]), { key: 'admin' });
      },
      'a key of a store': (it) =>
        hubVolumes(it).push({
          name: 'tls',
          secret: { secretName: 'redis-tls', items: [{ key: 'tls.key', path: 'tls.key' }] },
        }),
      'the authority': (it) => hubVolumes(it).push({ name: 'ca', secret: { secretName: authoritySecret } }),
    },
  },
  {
    name: 'files-are-mounted',
    check: eachContainer(({ container: { env = [], volumeMounts = [] } }) => {
      const paths = env.filter(({ name, value }) => /_(FILE|FOLDER|DIR)$/.test(name) && value?.startsWith('/'));
      const lost = paths.filter(({ value = '' }) => {
        const isIn = (folder: string) => value === folder || value.startsWith(`${folder}/`);
        return !volumeMounts.some(({ mountPath }) => isIn(mountPath) || mountPath.startsWith(`${value}/`));
      });
      return lost.length > 0 ? `names ${lost.map(({ value }) => value).join()}, where nothing is mounted` : undefined;
    }),
    breaks: {
      'another folder': (it) => Object.assign(variable(it, 'INTERNAL_SECRET_FILE'), { value: '/run/secrets/internal' }),
      'no mount': (it) => {
        main(it).volumeMounts = (main(it).volumeMounts ?? []).filter(({ name }) => name !== secrets.internal.name);
      },
    },
  },
  {
    name: 'hosts-are-there',
    check: (manifests) =>
      eachContainer(({ container: { env = [] } }) => {
        const lost = hostsOf(env).filter((it) => it.inside && !isServed(manifests, it.host, it.port));
        return lost.length > 0
          ? `connects to ${lost.map(({ host, port }) => `${host}:${port}`).join()}, which is no Service`
          : undefined;
      })(manifests),
    breaks: {
      'another name': (it) => Object.assign(variable(it, 'NOTIFICATION_URL'), { value: 'http://notifications:8094' }),
      'another port': (it) => Object.assign(variable(it, 'NOTIFICATION_URL'), { value: 'http://notification:80' }),
      'no Service': (it) => it.objects.splice(it.objects.indexOf(it.get('Service', 'redis')), 1),
    },
  },
  {
    name: 'other-hosts-are-of-the-props',
    check: (manifests) => {
      const told = JSON.stringify(manifests.platform);
      return eachContainer(({ container: { env = [] } }) => {
        const others = hostsOf(env).filter(({ inside, host }) => !inside && !told.includes(host));
        return others.length > 0
          ? `connects to ${others.map(({ host }) => host).join()}, whom no prop names`
          : undefined;
      })(manifests);
    },
    breaks: { other: (it) => Object.assign(variable(it, 'JWT_JWKS_URL'), { value: 'https://evil.example.net/keys' }) },
  },
  {
    name: 'rights-are-about-what-is-there',
    check: (manifests) => {
      const known = new Set<string>([
        ...givenSecrets(manifests).keys(),
        ...madeElsewhere,
        ...manifests.objects.map(({ metadata }) => metadata.name),
        ...['rabbitmq', 'mongodb'].flatMap((store) => [0, 1, 2].map((ordinal) => `data-${store}-${ordinal}`)),
      ]);
      return faultsOf(
        manifests.of('Role').map((it) => ({ ...it, where: whereOf(it) })),
        ({ rules }) => {
          const lost = rules.flatMap(({ resourceNames = [] }) => resourceNames).filter((name) => !known.has(name));
          return lost.length > 0 ? `is about ${lost.join()}, which is not there` : undefined;
        },
      );
    },
    breaks: {
      another: (it) =>
        it.of('Role')[0]?.rules.push({ apiGroups: [''], resources: ['secrets'], resourceNames: ['x'], verbs: ['get'] }),
    },
  },
];

/** By a Service's name, or by the name of a pod of a headless one. */
function isServed(manifests: Manifests, host: string, port: number): boolean {
  const [first = '', second = '', third] = host.split('.');
  const { namespace } = manifests.platform;
  const byName = manifests.find('Service', first);
  if (byName && (second === '' || second === namespace))
    return (byName.spec.ports ?? []).some((it) => it.port === port);
  const headless = manifests.find('Service', second);
  const set = manifests.of('StatefulSet').find(({ spec }) => spec.serviceName === second);
  if (!headless || !set || third !== namespace) return false;
  const ordinal = Number(first.slice(set.metadata.name.length + 1));
  const isPod = first === `${set.metadata.name}-${ordinal}` && ordinal < (set.spec.replicas ?? 1);
  const ports = set.spec.template.spec.containers.flatMap(({ ports: own = [] }) => own.map((it) => it.containerPort));
  return isPod && ports.includes(port);
}
