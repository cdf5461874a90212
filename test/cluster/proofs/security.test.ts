import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { pod, shell } from './manifests.ts';

const restricted = {
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
};
const user = { runAsNonRoot: true, runAsUser: 10_001, runAsGroup: 10_002, fsGroup: 10_003 };

describeOnCluster('containers of the test cluster', (on) => {
  test('run as the user and groups that they are given', async () => {
    const { cluster } = on;
    await cluster.create(pod('user', { securityContext: user, containers: [shell()] }));
    await cluster.ready('Pod', 'user');
    expect((await cluster.exec('user', 'id -u; id -g; id -G')).out).toBe('10001\n10002\n10002 10003\n');
  });

  test('have no capability and gain none when all are dropped, and containerd’s otherwise', async () => {
    const { cluster } = on;
    const look = "grep -E 'CapBnd|NoNewPrivs' /proc/self/status";
    await cluster.create(
      pod('locked', { securityContext: user, containers: [shell({ securityContext: restricted })] }),
    );
    await cluster.create(pod('plain', { containers: [shell()] }));
    await cluster.ready('Pod', 'locked');
    await cluster.ready('Pod', 'plain');
    expect((await cluster.exec('locked', look)).out).toMatch(/^CapBnd:\s+0{16}\nNoNewPrivs:\s+1\n$/);
    expect((await cluster.exec('plain', look)).out).toMatch(/^CapBnd:\s+00000000a80425fb\nNoNewPrivs:\s+0\n$/);
  });

  test('write nowhere but to volumes under a read-only root', async () => {
    const { cluster } = on;
    const mounts = { volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }], securityContext: restricted };
    const spec = { securityContext: user, volumes: [{ name: 'tmp', emptyDir: {} }], containers: [shell(mounts)] };
    await cluster.create(pod('frozen', spec));
    await cluster.ready('Pod', 'frozen');
    for (const path of ['/x', '/etc/x', '/usr/x', '/var/x', '/dev/x']) {
      const { err } = await cluster.exec('frozen', ['touch', path]);
      expect(err, path).toContain('Read-only file system');
    }
    expect((await cluster.exec('frozen', 'touch /tmp/x && echo wrote')).out).toBe('wrote\n');
  });

  test('write to a root of their own otherwise, and do not touch the machine', async () => {
    const { cluster } = on;
    await cluster.create(pod('own', { containers: [shell()] }));
    await cluster.ready('Pod', 'own');
    const mark = `/written-by-${cluster.namespace}`;
    expect((await cluster.exec('own', `touch ${mark} && echo wrote; ls /tmp | wc -l; hostname`)).out).toBe(
      'wrote\n0\nown\n',
    );
    expect(existsSync(mark)).toBe(false);
    const settings = await cluster.exec('own', 'echo 1 >/proc/sys/vm/drop_caches');
    expect(settings.err).toContain('Read-only file system');
    const mount = await cluster.exec('own', 'mount -t tmpfs x /mnt');
    expect(mount.err).toMatch(/permission denied|must be superuser/i);
    // Their own processes only: the first, the shell of this line, ps itself.
    expect((await cluster.exec('own', 'ps -e -o pid= | head -1')).out.trim()).toBe('1');
  });

  test('are not started as root when they must not be, and are as somebody else', async () => {
    const { cluster } = on;
    await cluster.create(pod('asroot', { securityContext: { runAsNonRoot: true }, containers: [shell()] }));
    await cluster.becomes<PodObject>('Pod', 'asroot', ({ status }) => {
      const { waiting } = status.containerStatuses?.[0]?.state ?? {};
      return waiting?.message?.includes('will run as root') ? undefined : `it waits for ${waiting?.reason}`;
    });
    const other = { securityContext: { runAsNonRoot: true, runAsUser: 1000 }, containers: [shell()] };
    await cluster.create(pod('asother', other));
    await cluster.ready('Pod', 'asother');
  });

  test('fill an emptyDir to its limit and no further', async () => {
    const { cluster } = on;
    const volumes = [{ name: 'small', emptyDir: { sizeLimit: '1Mi' } }];
    const mounts = { volumeMounts: [{ name: 'small', mountPath: '/cache' }] };
    await cluster.create(pod('full', { volumes, containers: [shell(mounts)] }));
    await cluster.ready('Pod', 'full');
    const fits = await cluster.exec('full', 'dd if=/dev/zero of=/cache/x bs=1K count=900 && rm /cache/x');
    expect(fits.code).toBe(0);
    const over = await cluster.exec('full', 'dd if=/dev/zero of=/cache/x bs=1M count=2');
    expect(over.err).toContain('No space left');
  });
});

describeOnCluster(
  'Pod Security on the test cluster',
  (on) => {
    test('admits what is restricted and refuses what is not', async () => {
      const seccomp = { seccompProfile: { type: 'RuntimeDefault' } };
      const good = { securityContext: { ...user, ...seccomp }, containers: [shell({ securityContext: restricted })] };
      await on.cluster.create(pod('good', good));
      await on.cluster.ready('Pod', 'good');
      const refused = on.cluster.create(pod('bad', { ...good, containers: [shell()] }));
      await expect(refused).rejects.toThrow('violates PodSecurity "restricted:latest"');
    });
  },
  { 'pod-security.kubernetes.io/enforce': 'restricted' },
);
