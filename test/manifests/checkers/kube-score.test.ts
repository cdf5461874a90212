import { beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { type Manifests, whereOf } from '../rendered/manifests.ts';
import { platformOf, platforms } from '../rendered/platforms.ts';
import { checker } from './build.ts';
import { type Finding, kubeScore } from './kube-score.ts';
import { type Exception, exceptions } from './kube-score-exceptions.ts';

/** Kinds that it has checks of their own for. */
const judged =
  /^(Deployment|StatefulSet|Job|CronJob|Service|NetworkPolicy|PodDisruptionBudget|HorizontalPodAutoscaler|Ingress)$/;

/** What it misses once an object is broken, by the check that is to say so. */
const breaks: Readonly<Record<string, (manifests: Manifests) => void>> = {
  'pod-networkpolicy': (it) => without(it, 'NetworkPolicy'),
  'networkpolicy-targets-pod': (it) => {
    it.get('NetworkPolicy', 'hub').spec.podSelector = { matchLabels: { app: 'another' } };
  },
  'service-targets-pod': (it) => {
    it.get('Service', 'hub').spec.selector = { app: 'another' };
  },
  'deployment-has-poddisruptionbudget': (it) => without(it, 'PodDisruptionBudget'),
  'horizontalpodautoscaler-has-target': (it) => {
    it.get('HorizontalPodAutoscaler', 'hub').spec.scaleTargetRef.name = 'another';
  },
  'deployment-targeted-by-hpa-does-not-have-replicas-configured': (it) => {
    it.get('Deployment', 'hub').spec.replicas = 3;
  },
  'pod-probes': (it) => {
    delete it.containerOf('hub').readinessProbe;
  },
  'container-image-tag': (it) => {
    it.containerOf('hub').image = 'ghcr.io/sonixy/sonixy-hub:latest';
  },
  'container-memory-requests-equal-limits': (it) => {
    it.containerOf('hub').resources = { requests: { memory: '1Mi' }, limits: { memory: '2Mi' } };
  },
  'container-security-context-readonlyrootfilesystem': (it) => {
    delete it.containerOf('hub').securityContext?.readOnlyRootFilesystem;
  },
  'container-security-context-privileged': (it) => {
    it.containerOf('hub').securityContext = { privileged: true };
  },
  'stable-version': (it) => {
    it.get('Deployment', 'hub').apiVersion = 'extensions/v1beta1';
  },
};

function without(manifests: Manifests, kind: string): void {
  manifests.objects.splice(0, Infinity, ...manifests.objects.filter((object) => object.kind !== kind));
}

function allows({ check, where, platforms: only }: Exception, finding: Finding, platform: string): boolean {
  const isWhole = new RegExp(`^(?:${where.source})$`).test(finding.where);
  return check === finding.check && isWhole && (only?.includes(platform) ?? true);
}

const textOf = ({ check, where, why }: Finding) => `${check}: ${where}: ${why}`;

describeWithServer('checkers', 'kube-score', () => {
  beforeAll(() => checker('kube-score'), 20 * 60_000);

  it('finds nothing in any environment or switch but what is listed with its reason, and needs all of the list', async () => {
    const idle = new Set(exceptions);
    for (const [platform, manifests] of platforms) {
      const { findings, objects } = await kubeScore(manifests.objects);
      const wanted = manifests.objects.filter(({ kind }) => judged.test(kind)).map(whereOf);
      expect(
        wanted.filter((name) => !objects.includes(name)),
        platform,
      ).toEqual([]);
      const refused = findings.filter((finding) => !exceptions.some((it) => allows(it, finding, platform)));
      expect(refused.map(textOf), platform).toEqual([]);
      for (const it of idle) if (findings.some((finding) => allows(it, finding, platform))) idle.delete(it);
    }
    expect([...idle]).toEqual([]);
  });

  it.each(Object.entries(breaks))('finds a breach of %s', async (check, breakIt) => {
    const manifests = platformOf('production').copy();
    const before = new Set((await kubeScore(manifests.objects)).findings.map(textOf));
    breakIt(manifests);
    const { findings } = await kubeScore(manifests.objects);
    expect(findings.filter((it) => !before.has(textOf(it))).map((it) => it.check)).toContain(check);
  });
});
