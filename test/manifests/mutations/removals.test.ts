import { describe, expect, it } from 'vitest';
import { openEdges, openExits, ours } from '../network/open-edges.ts';
import { platformOf } from '../rendered/platforms.ts';
import { allRules } from '../rules/all-rules.ts';
import { type Path, pathsIn, textOf, without } from './removals.ts';

/** Which rule misses what is gone, by the end of the way to it. A way that none of these fits is tuning. */
const missedBy: readonly (readonly [RegExp, string])[] = [
  [/\.startupProbe$/, 'has-startupProbe'],
  [/\.readinessProbe$/, 'has-readinessProbe'],
  [/\.livenessProbe$/, 'has-livenessProbe'],
  [/template\.metadata\.labels$/, 'pods-are-labelled'],
  [/template\.metadata\.labels\.app\.kubernetes\.io\/(name|part-of)$/, 'pods-are-labelled'],
  [/template\.metadata\.labels\.app\.kubernetes\.io\/instance$/, 'pods-are-labelled'],
  [/^spec\.selector\.(matchLabels\.)?app\.kubernetes\.io\/name$/, 'selectors-select-exactly-theirs'],
  [/^spec\.selector\.(matchLabels\.)?app\.kubernetes\.io\/part-of$/, 'selectors-say-whose'],
  [/^spec\.template\.spec\.securityContext$/, 'run-as-non-root'],
  [/template\.spec\.securityContext\.runAsNonRoot$/, 'run-as-non-root'],
  [/template\.spec\.securityContext\.(runAsUser|runAsGroup|fsGroup)$/, 'ids-are-named-or-left'],
  [/template\.spec\.securityContext\.fsGroupChangePolicy$/, 'big-volumes-are-not-walked'],
  [/template\.spec\.securityContext\.seccompProfile(\.type)?$/, 'seccomp'],
  [/ontainers\[[^\]]+\]\.securityContext$/, 'capabilities'],
  [/ontainers\[[^\]]+\]\.securityContext\.allowPrivilegeEscalation$/, 'privilege-escalation'],
  [/ontainers\[[^\]]+\]\.securityContext\.privileged$/, 'privileged'],
  [/ontainers\[[^\]]+\]\.securityContext\.readOnlyRootFilesystem$/, 'read-only-root'],
  [/ontainers\[[^\]]+\]\.securityContext\.capabilities(\.drop(\[0\])?)?$/, 'capabilities'],
  [/\.enableServiceLinks$/, 'no-service-links'],
  [/\.serviceAccountName$/, 'has-an-account-of-its-own'],
  [/ontainers\[[^\]]+\]\.resources(\.requests(\.cpu)?)?$/, 'requests-cpu'],
  [/ontainers\[[^\]]+\]\.resources\.(limits|requests\.memory|limits\.memory)$/, 'memory-is-promised'],
  [/\.volumeMounts$/, 'volumes-are-mounted|files-are-mounted'],
  [/^spec\.ports\[(http|amqps|redis|mongodb)\](\.name)?$/, 'service-ports-are-whole'],
  [
    /ontainers\[[^\]]+\]\.ports\[(http|ops|amqps|redis|mongodb)\](\.name)?$/,
    'readinessProbe-has-a-port|service-ports-lead-somewhere',
  ],
  [/^spec\.(maxUnavailable)$/, 'budgets-let-nodes-be-drained'],
  [/^metadata\.namespace$/, 'in-our-namespace'],
  [/^metadata\.labels$/, 'labelled-as-ours'],
  [/^metadata\.labels\.app\.kubernetes\.io\/part-of$/, 'labelled-as-ours'],
  [/\.template\.metadata\.annotations$/, 'changed-config-rolls-pods'],
];

type Removal = {
  readonly title: string;
  readonly index: number;
  readonly path: Path;
  readonly rules: readonly string[];
};

const manifests = platformOf('production').copy();

function removals(): Removal[] {
  return manifests.objects.flatMap((object, index) =>
    pathsIn(object).flatMap((path) => {
      const text = textOf(object, path);
      const [, rule] = missedBy.find(([way]) => way.test(text)) ?? [];
      if (rule === undefined) return [];
      return [{ title: `${object.kind}/${object.metadata.name} ${text}`, index, path, rules: rule.split('|') }];
    }),
  );
}

describe('a part of an object that is gone', () => {
  const all = removals();

  it('is each kind of part that the table names', () => {
    const idle = missedBy.filter(([way]) => !all.some(({ title }) => way.test(title.slice(title.indexOf(' ') + 1))));
    expect(idle).toEqual([]);
  });

  it.each([...new Set(missedBy.flatMap(([, rule]) => rule))])('is missed by %s', (of) => {
    const rules = allRules.filter(({ name }) => of.split('|').includes(name));
    expect(rules.map(({ name }) => name).sort()).toEqual(of.split('|').sort());
    const faults = () =>
      new Set(rules.flatMap((rule) => [...rule.check(manifests)].map(({ where, why }) => where + why)));
    const before = faults();
    const unnoticed = all
      .filter((it) => it.rules.join('|') === of)
      .filter(({ index, path }) => ![...without(manifests, index, path, faults)].some((fault) => !before.has(fault)));
    expect(unnoticed.map(({ title }) => title)).toEqual([]);
  });

  it('is put back', () => {
    expect(manifests.objects).toEqual(platformOf('production').objects);
  });
});

describe('a part of a NetworkPolicy that is gone', () => {
  /** What the tests of test/manifests/network compare with docs/network.md. */
  const seen = () =>
    JSON.stringify([[...openEdges(manifests.objects)], ours.map((pod) => openExits(manifests.objects, pod))]);
  const policies = manifests.objects.flatMap((object, index) =>
    object.kind === 'NetworkPolicy' ? [{ object, index }] : [],
  );

  it.each(policies)('of $object.metadata.name changes who reaches whom', ({ object, index }) => {
    const before = seen();
    const peersAndPorts = pathsIn(object).filter(
      (path) => path[1] !== 'policyTypes' && typeof path.at(-1) === 'number',
    );
    const unnoticed = peersAndPorts.filter((path) => without(manifests, index, path, seen) === before);
    expect(unnoticed.map((path) => textOf(object, path))).toEqual([]);
  });
});
