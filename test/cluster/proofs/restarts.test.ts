import { expect, test } from 'vitest';
import type { ContainerStatus, PodObject } from '../api/pod-spec.ts';
import type { Cluster } from '../client/cluster.ts';
import { holds } from '../client/conditions.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { pod, script, server, shell } from './manifests.ts';

describeOnCluster('containers that end on the test cluster', (on) => {
  test('are started again and counted after a SIGKILL', async () => {
    const { cluster } = on;
    await cluster.create(pod('killed', { containers: [server()] }));
    await cluster.ready('Pod', 'killed');
    await cluster.signal('killed', 'SIGKILL');
    const again = await restarted(cluster, 'killed');
    expect(again.lastState.terminated).toMatchObject({ exitCode: 137, reason: 'Error' });
  });

  test('are ended by SIGTERM and started again when they fail their liveness probe', async () => {
    const { cluster } = on;
    const livenessProbe = { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1, timeoutSeconds: 10 };
    await cluster.create(pod('sick', { terminationGracePeriodSeconds: 30, containers: [server({ livenessProbe })] }));
    await cluster.ready('Pod', 'sick');
    await cluster.exec('sick', 'curl -s http://127.0.0.1:8080/break');
    const again = await restarted(cluster, 'sick');
    expect(again.lastState.terminated?.exitCode).toBe(0);
    expect(await cluster.log('sick', { previous: true })).toBe('SIGTERM\ndrained\n');
  });

  test('wait between restarts, and say how they ended', async () => {
    const { cluster } = on;
    const container = script('echo why >/dev/termination-log; exit 3');
    await cluster.create(pod('loop', { restartPolicy: 'OnFailure', containers: [container] }));
    const { status } = await cluster.becomes<PodObject>('Pod', 'loop', ({ status: { containerStatuses } }) => {
      const reason = containerStatuses?.[0]?.state.waiting?.reason;
      return reason === 'CrashLoopBackOff' ? undefined : `it waits for ${reason}`;
    });
    const terminated = status.containerStatuses?.[0]?.lastState.terminated;
    expect(terminated).toMatchObject({ exitCode: 3, message: 'why\n' });
  });

  test('end their pod where it is not to be started again', async () => {
    const { cluster } = on;
    await cluster.create(pod('good', { restartPolicy: 'Never', containers: [script('exit 0')] }));
    await cluster.create(pod('bad', { restartPolicy: 'Never', containers: [script('exit 1')] }));
    await cluster.becomes<PodObject>('Pod', 'good', ({ status }) => is(status.phase, 'Succeeded'));
    await cluster.becomes<PodObject>('Pod', 'bad', ({ status }) => is(status.phase, 'Failed'));
  });

  test('are killed above their memory limit', async () => {
    const { cluster } = on;
    const eat = 'const a=[];setInterval(()=>a.push(Buffer.alloc(2e7,1)),100)';
    const container = shell({ command: ['node', '-e', eat], resources: { limits: { memory: '150Mi' } } });
    await cluster.create(pod('fat', { restartPolicy: 'Never', containers: [container] }));
    await cluster.becomes<PodObject>('Pod', 'fat', ({ status }) =>
      is(status.containerStatuses?.[0]?.state.terminated?.reason, 'OOMKilled'),
    );
  });

  test('are not started when nobody knows their image, and are under another name', async () => {
    const { cluster } = on;
    await cluster.create(pod('unknown', { containers: [shell({ image: 'nobody/knows:1' })] }));
    await cluster.becomes<PodObject>('Pod', 'unknown', ({ status }) =>
      is(status.containerStatuses?.[0]?.state.waiting?.reason, 'ImagePullBackOff'),
    );
    await cluster.create(pod('known', { containers: [shell({ image: 'test/shell:any@sha256:00' })] }));
    await cluster.ready('Pod', 'known');
  });

  test('complete a Job when its native sidecar still runs', async () => {
    const { cluster } = on;
    const template = {
      spec: {
        ...{ restartPolicy: 'Never', terminationGracePeriodSeconds: 2 },
        initContainers: [shell({ name: 'side', restartPolicy: 'Always' })],
        containers: [script('echo done')],
      },
    };
    await cluster.create({ kind: 'Job', metadata: { name: 'job' }, spec: { template } });
    await cluster.ready('Job', 'job');
    const [ended] = await cluster.list<PodObject>('Pod', 'job-name=job');
    expect(ended?.status.initContainerStatuses?.[0]?.state.terminated?.exitCode).toBe(137);
  });
});

async function restarted(cluster: Cluster, name: string): Promise<ContainerStatus> {
  const { status } = await cluster.becomes<PodObject>('Pod', name, ({ status: { conditions, containerStatuses } }) => {
    const count = containerStatuses?.[0]?.restartCount;
    return count === 1 && holds(conditions, 'Ready') ? undefined : `${count} restarts`;
  });
  const [container] = status.containerStatuses ?? [];
  if (container === undefined) throw new Error(`${name} has no container`);
  return container;
}

function is(actual: string | undefined, wanted: string): string | undefined {
  return actual === wanted ? undefined : `it is ${actual}`;
}
