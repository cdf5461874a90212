import { expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { keptLog, pod, script } from './manifests.ts';
import { patiently } from './patiently.ts';

const volumes = [{ name: 'v', emptyDir: {} }];
const volumeMounts = [{ name: 'v', mountPath: '/v' }];
/** Runs until SIGTERM, which it reports. */
const untilTerm = (name: string) => `trap "echo ${name}-ends; exit 0" TERM; while :; do sleep 0.1; done`;

describeOnCluster('the order of containers on the test cluster', (on) => {
  test('is init, sidecar, main; then preStop, SIGTERM to the main, and last the sidecar’s', async () => {
    const { cluster } = on;
    const first = script('echo init >>/v/log', { name: 'first', volumeMounts });
    const side = script(`sleep 1; echo side >>/v/log; touch /v/up; ${untilTerm('side')}`, {
      ...{ name: 'side', restartPolicy: 'Always', volumeMounts },
      startupProbe: {
        exec: { command: ['test', '-e', '/v/up'] },
        periodSeconds: 1,
        failureThreshold: 60,
        timeoutSeconds: 10,
      },
    });
    const main = script(`echo main >>/v/log; cat /v/log; ${untilTerm('main')}`, {
      volumeMounts,
      lifecycle: {
        postStart: { exec: { command: ['sh', '-c', 'echo post >>/v/post'] } },
        preStop: { exec: { command: ['sh', '-c', 'sleep 0.5; echo pre >>/proc/1/fd/1'] } },
      },
    });
    const spec = { terminationGracePeriodSeconds: 60, volumes, initContainers: [first, side], containers: [main] };
    await cluster.create(pod('order', spec));
    const order = await cluster.ready<PodObject>('Pod', 'order');
    await patiently(async () => {
      const { out } = await cluster.exec('order', 'cat /v/post');
      return out === 'post\n' ? undefined : 'postStart has not run';
    });
    await cluster.remove('Pod', 'order');
    await cluster.gone('Pod', 'order');
    expect(keptLog(cluster, order, 'c')).toBe('init\nside\nmain\npre\nmain-ends\n');
    expect(keptLog(cluster, order, 'side')).toBe('side-ends\n');
  });

  test('stops at an init container that fails', async () => {
    const { cluster } = on;
    const spec = {
      restartPolicy: 'Never',
      initContainers: [script('exit 1', { name: 'first' })],
      containers: [script('')],
    };
    await cluster.create(pod('stuck', spec));
    const { status } = await cluster.becomes<PodObject>('Pod', 'stuck', ({ status: { phase } }) =>
      phase === 'Failed' ? undefined : `it is ${phase}`,
    );
    expect(status.containerStatuses?.[0]?.state.waiting?.reason).toBe('PodInitializing');
  });

  test('ends with SIGKILL for who ignores SIGTERM', async () => {
    const { cluster } = on;
    const deaf = script('trap "echo heard" TERM; while :; do sleep 0.1; done');
    await cluster.create(pod('deaf', { terminationGracePeriodSeconds: 2, containers: [deaf] }));
    const made = await cluster.ready<PodObject>('Pod', 'deaf');
    await patiently(async () => {
      await cluster.signal('deaf', 'SIGTERM');
      return (await cluster.log('deaf')).includes('heard') ? undefined : 'it has no handler yet';
    });
    await cluster.remove('Pod', 'deaf');
    await cluster.gone('Pod', 'deaf');
    const heard = keptLog(cluster, made, 'c').trim().split('\n');
    expect(new Set(heard)).toEqual(new Set(['heard']));
  });
});
