import { expect, test } from 'vitest';
import type { Secret } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { pod, script, server, service, shell } from './manifests.ts';
import { patiently } from './patiently.ts';

describeOnCluster('configuration of pods on the test cluster', (on) => {
  test('comes as variables in all their forms', async () => {
    const { cluster } = on;
    await cluster.create({ kind: 'ConfigMap', metadata: { name: 'words' }, data: { a: 'one', b: 'two' } });
    await cluster.create({ kind: 'Secret', metadata: { name: 'hidden' }, stringData: { key: 'secret' } });
    const env = [
      { name: 'KEY', valueFrom: { secretKeyRef: { name: 'hidden', key: 'key' } } },
      { name: 'NONE', valueFrom: { secretKeyRef: { name: 'hidden', key: 'none', optional: true } } },
      { name: 'ADDRESS', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'GREETING', value: '$(KEY) at $(ADDRESS) $$(KEY) $(NONE)' },
    ];
    const container = script('echo "$GREETING $WORD_a $WORD_b $MEMORY [$NONE]"; exec sleep infinity', {
      ...{ env, envFrom: [{ configMapRef: { name: 'words' }, prefix: 'WORD_' }] },
      resources: { limits: { memory: '64Mi' } },
    });
    await cluster.create(pod('variables', { containers: [container] }));
    const { status } = await cluster.ready<PodObject>('Pod', 'variables');
    const wanted = `secret at ${status.podIP} $(KEY) $(NONE) one two 64 []\n`;
    await patiently(async () => {
      const log = await cluster.log('variables');
      return log === wanted ? undefined : `it wrote ${log}`;
    });
  });

  test('waits for what is not there yet', async () => {
    const { cluster } = on;
    const env = [{ name: 'LATE', valueFrom: { configMapKeyRef: { name: 'late', key: 'a' } } }];
    await cluster.create(pod('early', { containers: [shell({ env })] }));
    await cluster.becomes<PodObject>('Pod', 'early', ({ status }) => {
      const { waiting } = status.containerStatuses?.[0]?.state ?? {};
      return waiting?.message === 'configmap "late" not found' ? undefined : `it waits for ${waiting?.message}`;
    });
    await cluster.create({ kind: 'ConfigMap', metadata: { name: 'late' }, data: { a: 'came' } });
    await cluster.ready('Pod', 'early');
    expect((await cluster.exec('early', 'echo $LATE')).out).toBe('came\n');
  });

  test('comes as files, which follow their ConfigMap, but for a subPath', async () => {
    const { cluster } = on;
    await cluster.create({ kind: 'ConfigMap', metadata: { name: 'live' }, data: { a: 'one', 'b.json': '{}' } });
    const volumeMounts = [
      { name: 'live', mountPath: '/live' },
      { name: 'live', mountPath: '/one.txt', subPath: 'a' },
    ];
    const volumes = [{ name: 'live', configMap: { name: 'live' } }];
    await cluster.create(pod('files', { volumes, containers: [shell({ volumeMounts })] }));
    await cluster.ready('Pod', 'files');
    expect((await cluster.exec('files', 'cat /live/a /live/b.json /one.txt')).out).toBe('one{}one');
    await cluster.patch('ConfigMap', 'live', { data: { a: 'two', c: 'new', 'b.json': null } });
    await patiently(async () => {
      const { out } = await cluster.exec('files', 'ls /live; cat /live/a /live/c');
      return out === 'a\nc\ntwonew' ? undefined : `it sees ${out}`;
    });
    expect((await cluster.exec('files', 'cat /one.txt')).out).toBe('one');
    const write = await cluster.exec('files', 'echo x >/live/a');
    expect(write.err).toContain('Read-only file system');
  });

  test('keeps a Secret of mode 0400 from another user, and opens it to the group of the pod', async () => {
    const { cluster } = on;
    await cluster.create<Secret>({ kind: 'Secret', metadata: { name: 'mode' }, stringData: { key: 'secret' } });
    const volumes = [{ name: 's', secret: { secretName: 'mode', defaultMode: 0o400 } }];
    const containers = [shell({ volumeMounts: [{ name: 's', mountPath: '/s' }] })];
    await cluster.create(pod('stranger', { securityContext: { runAsUser: 1000 }, volumes, containers }));
    await cluster.create(pod('member', { securityContext: { runAsUser: 1000, fsGroup: 2000 }, volumes, containers }));
    await cluster.ready('Pod', 'stranger');
    await cluster.ready('Pod', 'member');
    expect((await cluster.exec('stranger', 'cat /s/key')).err).toContain('Permission denied');
    expect((await cluster.exec('member', 'cat /s/key')).out).toBe('secret');
  });

  test('says who the pod is, by the downward API', async () => {
    const { cluster } = on;
    const items = [
      { path: 'app', fieldRef: { fieldPath: "metadata.labels['app']" } },
      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
      { path: 'cpu', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1m' } },
    ];
    const container = shell({
      volumeMounts: [{ name: 'info', mountPath: '/info' }],
      resources: { limits: { cpu: '500m' } },
    });
    const spec = { volumes: [{ name: 'info', downwardAPI: { items } }], containers: [container] };
    await cluster.create(pod('who', spec, { tier: 'web' }));
    await cluster.ready('Pod', 'who');
    expect((await cluster.exec('who', 'cat /info/app /info/cpu')).out).toBe('who500');
    expect((await cluster.exec('who', 'cat /info/labels')).out).toMatch(/^app="who"\ntier="web"\n/);
  });

  test('gives tokens that the API server takes, with the rights and the audience that they are for', async () => {
    const { cluster } = on;
    await cluster.create({
      kind: 'RoleBinding',
      metadata: { name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace: cluster.namespace }],
    });
    const sources = [{ serviceAccountToken: { path: 'token', audience: 'elsewhere', expirationSeconds: 600 } }];
    const container = shell({ volumeMounts: [{ name: 'elsewhere', mountPath: '/elsewhere' }] });
    const volumes = [{ name: 'elsewhere', projected: { sources } }];
    await cluster.create(pod('caller', { securityContext: { runAsUser: 1000 }, volumes, containers: [container] }));
    await cluster.ready('Pod', 'caller');
    const account = '/var/run/secrets/kubernetes.io/serviceaccount';
    const ask = (file: string, path: string) =>
      cluster.exec(
        'caller',
        `curl -s -o /dev/null -w '%{http_code}' --cacert ${account}/ca.crt -H "Authorization: Bearer $(cat ${file})" https://kubernetes.default.svc${path}`,
      );
    const pods = `/api/v1/namespaces/${cluster.namespace}/pods`;
    expect((await ask(`${account}/token`, pods)).out).toBe('200');
    expect((await ask(`${account}/token`, '/api/v1/nodes')).out).toBe('403');
    expect((await ask('/elsewhere/token', pods)).out).toBe('401');
    const { out } = await cluster.exec('caller', 'cat /elsewhere/token');
    expect(JSON.parse(Buffer.from(out.split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
      aud: ['elsewhere'],
    });
  });

  test('is joined by variables of Services, unless the pod wants none', async () => {
    const { cluster } = on;
    await cluster.create(service('hub'));
    await cluster.create(pod('linked', { containers: [server()] }));
    await cluster.create(pod('unlinked', { enableServiceLinks: false, containers: [server()] }));
    await cluster.ready('Pod', 'linked');
    await cluster.ready('Pod', 'unlinked');
    expect((await cluster.exec('linked', 'echo $HUB_PORT $HUB_SERVICE_PORT_HTTP')).out).toMatch(
      /^tcp:\/\/10\.96\.\d+\.\d+:80 80\n$/,
    );
    expect((await cluster.exec('unlinked', 'echo "$HUB_PORT" $KUBERNETES_SERVICE_PORT')).out).toBe(' 443\n');
  });
});
