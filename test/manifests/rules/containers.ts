import { stores } from '#shared/contract/secrets.ts';
import { ownImage, storeImage } from '../../../cdk8s/images.ts';
import type { OwnImage, PlatformProps } from '../../../cdk8s/platform-props.ts';
import type { Manifests } from '../rendered/manifests.ts';
import { eachContainer, part } from './each.ts';
import type { Rule } from './rule.ts';

const ownImages: readonly OwnImage[] = [
  'gateway',
  'notification',
  'chat',
  'hub',
  'bootstrap',
  'mongodb-sidecar',
  'redis-sidecar',
];
const main = (manifests: Manifests) => manifests.containerOf('hub');
const secretName = /password|secret|token|api_?key|credential|private_?key/i;

function imagesOf({ images }: PlatformProps): Set<string | undefined> {
  return new Set([
    ...ownImages.map((name) => ownImage(images, name).image),
    ...stores.map((name) => storeImage(images, name).image),
  ]);
}

/** What a container runs, and with what. */
export const containerRules: readonly Rule[] = [
  {
    name: 'images-are-pinned',
    upstream: { kubeLinter: ['latest-tag'], polaris: ['tagNotSpecified'] },
    check: eachContainer(({ container: { image } }) => {
      const tag = /:([\w][\w.-]*)$/.exec(image)?.[1];
      const isPinned = /@sha256:[0-9a-f]{64}$/.test(image) || (tag !== undefined && tag !== 'latest');
      return isPinned ? undefined : `runs whatever ${image} is`;
    }),
    breaks: {
      latest: (it) => Object.assign(main(it), { image: 'ghcr.io/sonixy/sonixy-hub:latest' }),
      'no tag': (it) => Object.assign(main(it), { image: 'registry.example.com:5000/sonixy-hub' }),
    },
  },
  {
    name: 'images-are-of-the-props',
    check: (manifests) => {
      const images = imagesOf(manifests.platform);
      return eachContainer(({ container: { image } }) =>
        images.has(image) ? undefined : `runs ${image}, which no prop names`,
      )(manifests);
    },
    breaks: { other: (it) => Object.assign(main(it), { image: 'docker.io/library/busybox:1.37' }) },
  },
  {
    name: 'pull-policy',
    upstream: { polaris: ['pullPolicyNotAlways'] },
    check: eachContainer(({ container: { imagePullPolicy } }) =>
      imagePullPolicy === 'Always' ? undefined : `is pulled ${imagePullPolicy}`,
    ),
    mend: (it) => {
      for (const { container } of it.containers) container.imagePullPolicy = 'Always';
    },
    breaks: { unsaid: (it) => delete main(it).imagePullPolicy },
  },
  {
    name: 'pull-policy-is-the-prop',
    check: (manifests) =>
      eachContainer(({ container: { imagePullPolicy } }) =>
        imagePullPolicy === (manifests.platform.images.pullPolicy ?? 'IfNotPresent')
          ? undefined
          : `is pulled ${imagePullPolicy}`,
      )(manifests),
    breaks: {
      other: (it) => Object.assign(main(it), { imagePullPolicy: 'Never' }),
      unsaid: (it) => delete main(it).imagePullPolicy,
    },
  },
  {
    name: 'requests-cpu',
    upstream: { kubeLinter: ['unset-cpu-requirements'], polaris: ['cpuRequestsMissing'] },
    check: eachContainer(({ container: { resources } }) =>
      resources?.requests?.['cpu'] ? undefined : 'requests no CPU',
    ),
    breaks: {
      none: (it) => delete part(main(it).resources?.requests)['cpu'],
      'of an init container': (it) => delete part(it.podOf('redis').initContainers?.[0]).resources,
    },
  },
  {
    name: 'memory-is-promised',
    upstream: { kubeLinter: ['unset-memory-requirements'], polaris: ['memoryRequestsMissing', 'memoryLimitsMissing'] },
    check: eachContainer(({ container: { resources } }) => {
      const { requests, limits } = resources ?? {};
      if (!requests?.['memory'] || !limits?.['memory']) return 'requests no memory, or has no limit';
      return requests['memory'] === limits['memory'] ? undefined : 'is evicted for what its limit allows';
    }),
    breaks: {
      'no request': (it) => delete part(main(it).resources?.requests)['memory'],
      'no limit': (it) => delete part(main(it).resources?.limits)['memory'],
      overcommitted: (it) => Object.assign(part(main(it).resources?.limits), { memory: '64Gi' }),
    },
  },
  {
    name: 'cpu-limits',
    upstream: { polaris: ['cpuLimitsMissing'] },
    check: eachContainer(({ container: { resources } }) =>
      resources?.limits?.['cpu'] ? undefined : 'takes what CPU is left',
    ),
    mend: (it) => {
      for (const { container } of it.containers) container.resources = { limits: { cpu: '1' } };
    },
    breaks: { none: (it) => delete main(it).resources },
  },
  {
    name: 'read-only-root',
    upstream: { kubeLinter: ['no-read-only-root-fs'], polaris: ['notReadOnlyRootFilesystem'] },
    check: eachContainer(({ container: { securityContext } }) =>
      securityContext?.readOnlyRootFilesystem === true ? undefined : 'may write to its image',
    ),
    breaks: {
      unsaid: (it) => delete part(main(it).securityContext).readOnlyRootFilesystem,
      'by a store': (it) =>
        Object.assign(part(it.containerOf('redis').securityContext), { readOnlyRootFilesystem: false }),
    },
  },
  {
    name: 'secrets-are-files',
    upstream: {
      kubeLinter: ['env-var-secret', 'read-secret-from-env-var'],
      polaris: ['sensitiveContainerEnvVar'],
    },
    check: eachContainer(({ container: { env = [], envFrom = [] } }) => {
      if (envFrom.some(({ secretRef }) => secretRef)) return 'has a whole Secret in its environment';
      const shown = env.filter(
        ({ name, value, valueFrom }) =>
          valueFrom?.secretKeyRef ||
          (secretName.test(name) && !/_FILE$|_FOLDER$/.test(name)) ||
          /:\/\/[^/@]*:[^/@]*@/.test(value ?? ''),
      );
      return shown.length > 0
        ? `shows ${shown.map(({ name }) => name).join()} to whoever sees its environment`
        : undefined;
    }),
    breaks: {
      value: (it) => main(it).env?.push({ name: 'INTERNAL_SECRET', value: 'x' }),
      'of a Secret': (it) =>
        main(it).env?.push({
          name: 'KEY',
          valueFrom: { secretKeyRef: { name: 'sonixy-internal', key: 'internal-secret' } },
        }),
      'in a URL': (it) => main(it).env?.push({ name: 'AMQP_URL', value: 'amqp://hub:guest@rabbitmq:5672' }),
      'a whole Secret': (it) => Object.assign(main(it), { envFrom: [{ secretRef: { name: 'sonixy-internal' } }] }),
    },
  },
  {
    name: 'variables-once',
    upstream: { kubeLinter: ['duplicate-env-var'] },
    check: eachContainer(({ container: { env = [] } }) => {
      const names = env.map(({ name }) => name);
      const twice = names.filter((name, index) => names.indexOf(name) !== index);
      return twice.length > 0 ? `has ${twice.join()} twice` : undefined;
    }),
    breaks: { twice: (it) => main(it).env?.push({ name: 'PORT', value: '1' }) },
  },
  {
    name: 'variables-are-there-before-they-are-named',
    check: eachContainer(({ container: { env = [], command = [], args = [] } }) => {
      const known = new Set<string>();
      const missing: string[] = [];
      const note = (text: string) => {
        for (const [, name = ''] of text.matchAll(/(?<!\$)\$\(([\w.-]+)\)/g)) if (!known.has(name)) missing.push(name);
      };
      for (const { name, value = '' } of env) {
        note(value);
        known.add(name);
      }
      for (const text of [...command, ...args]) note(text);
      return missing.length > 0 ? `names $(${missing.join('), $(')}) before it is there` : undefined;
    }),
    breaks: {
      'not at all': (it) => Object.assign(main(it), { args: ['--name=$(NOBODY)'] }),
      later: (it) => it.containerOf('rabbitmq').env?.reverse(),
      removed: (it) => it.containerOf('rabbitmq').env?.shift(),
    },
  },
  {
    name: 'no-ssh',
    upstream: { kubeLinter: ['ssh-port'] },
    check: eachContainer(({ container: { ports = [] } }) =>
      ports.some(({ containerPort }) => containerPort === 22) ? 'serves SSH' : undefined,
    ),
    breaks: { port: (it) => main(it).ports?.push({ name: 'ssh', containerPort: 22 }) },
  },
];
