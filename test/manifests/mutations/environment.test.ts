import { describe, expect, it, onTestFinished } from 'vitest';
import type { Contained, Manifests } from '../rendered/manifests.ts';
import { platformOf, platforms } from '../rendered/platforms.ts';
import { MountedSecrets, programOf } from '../rendered/processes.ts';

/** Our programs take whatever is wrong with these without a word in their config. */
const ofTheRunner: Readonly<Record<string, string>> = {
  NODE_ENV: 'read by libraries, not by us: express then shows no stack',
  LOG_LEVEL: 'read by `run` and `runCommand` before the config',
  SHUTDOWN_TIMEOUT: 'read by `run` before the config; the rule the-process-waits-for-its-drain holds it',
  POD_NAME: 'named by other variables: the rule variables-are-there-before-they-are-named holds it',
  POD_NAMESPACE: 'named by other variables: the rule variables-are-there-before-they-are-named holds it',
};

/** The same as the program's own, so that nobody has to know that. */
const saysDefault: Readonly<Record<string, string>> = {
  PORT: 'the Service and the probes name it',
  OPS_PORT: 'the Service and the probes name it',
  HUB_MAX_CONNECTIONS: 'a prop',
  MONGODB_PORT: 'mongod is told, too',
  REDIS_PORT: 'redis.conf and the URLs of clients say it, too',
  SET_NAME: 'mongod and the URLs of clients are told, too',
};

const ours = (manifests: Manifests) => manifests.containers.filter((it) => programOf(it) !== undefined);

function mounted(manifests: Manifests): MountedSecrets {
  const secrets = new MountedSecrets(manifests);
  onTestFinished(() => secrets[Symbol.dispose]());
  return secrets;
}

/** What a program makes of its settings: a config, or what is wrong with them. */
function outcomeOf(secrets: MountedSecrets, contained: Contained): string {
  try {
    return JSON.stringify(secrets.configOf(contained), (_, value) => (value instanceof Map ? [...value] : value));
  } catch (error) {
    return (error as Error).message;
  }
}

function withVariables(
  contained: Contained,
  change: (env: NonNullable<Contained['container']['env']>) => void,
): Contained {
  const container = structuredClone(contained.container);
  change(container.env ?? []);
  return { ...contained, container };
}

describe.each([...platforms])('the settings of %s', (_, manifests) => {
  it('are read by each of our programs without a fault', () => {
    const secrets = mounted(manifests);
    const read = ours(manifests).map((it) => {
      expect(() => secrets.configOf(it), it.where).not.toThrow();
      return programOf(it);
    });
    expect(read).toEqual(
      expect.arrayContaining(['sonixy-gateway', 'sonixy-notification', 'sonixy-chat', 'sonixy-hub']),
    );
  });
});

const variables = ours(platformOf('own images and names')).flatMap((contained) =>
  (contained.container.env ?? []).map(({ name }) => ({ where: contained.where, name, contained })),
);

describe('a variable', () => {
  it.each(variables.filter(({ name }) => !ofTheRunner[name]))(
    'is missed when it is gone or another: $name of $where',
    ({ name, contained }) => {
      const secrets = mounted(platformOf('own images and names'));
      const right = outcomeOf(secrets, contained);
      const gone = withVariables(contained, (env) =>
        env.splice(
          env.findIndex((it) => it.name === name),
          1,
        ),
      );
      const other = withVariables(contained, (env) =>
        env.splice(
          env.findIndex((it) => it.name === name),
          1,
          { name, value: '7' },
        ),
      );
      expect(outcomeOf(secrets, other)).not.toBe(right);
      // What says the default aloud may go.
      if (!saysDefault[name]) expect(outcomeOf(secrets, gone)).not.toBe(right);
    },
  );

  it('is excused only where it is there', () => {
    const excused = [...Object.keys(ofTheRunner), ...Object.keys(saysDefault)];
    expect(excused.filter((name) => !variables.some((it) => it.name === name))).toEqual([]);
  });
});

it('a file that is not mounted is a fault', () => {
  const manifests = platformOf('production').copy();
  const secrets = mounted(manifests);
  const hub = manifests.containers.find(({ where }) => where === 'Deployment/hub/hub');
  if (!hub) throw new Error('there is no hub');
  hub.container.volumeMounts = hub.container.volumeMounts?.filter(({ name }) => name !== 'sonixy-internal') ?? [];
  expect(() => secrets.configOf(hub)).toThrow('INTERNAL_SECRET_FILE');
});
