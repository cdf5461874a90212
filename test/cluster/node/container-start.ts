import { closeSync, fchownSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ContainerSpec } from '../api/pod-spec.ts';
import type { Image } from '../images/image.ts';
import type { ContainerOwner } from './container.ts';
import { type ContainerProcess, startProcess } from './container-process.ts';
import { environment, expand } from './environment.ts';
import type { Mount } from './mount-table.ts';
import type { User } from './privileges.ts';

export type ContainerStart = {
  owner: ContainerOwner;
  spec: ContainerSpec;
  image: Image;
  /** Made anew. */
  folder: string;
  /** The file, in that folder, that the container may write its last words to. */
  message: string;
  logFile: string;
};

/** Resolves when the first process runs; rejects when what the spec names is missing or forbidden. */
export async function startContainer(start: ContainerStart): Promise<ContainerProcess> {
  const { owner, spec, image, folder, message, logFile } = start;
  const { node, sandbox } = owner;
  if (sandbox === undefined) throw new Error('the pod has no network');
  const security = spec.securityContext ?? {};
  const user = userOf(start);
  const nonRoot = security.runAsNonRoot ?? owner.object.spec.securityContext?.runAsNonRoot ?? false;
  if (nonRoot && user.uid === 0) throw new Error('container has runAsNonRoot and image will run as root');
  const env = environment(node, owner, spec, { image, uid: user.uid });

  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(message, '', { mode: 0o666 });
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o644);
  try {
    // /dev/stdout is to be opened by its user.
    fchownSync(log, user.uid, user.gid);
    const mounts: Mount[] = [
      ...Object.entries(image.mounts ?? {}).map(([to, from]) => ({ from, to, readOnly: true })),
      ...(image.scratch ?? []).map((to) => ({ type: 'tmpfs', to, options: 'mode=1777' })),
      ...owner.volumes.mounts(spec, env),
      { from: message, to: spec.terminationMessagePath ?? '/dev/termination-log' },
    ];
    return await startProcess({
      ...{ folder, sandbox, mounts, user, security, env, log },
      layers: await node.layers.of(image),
      devices: node.layers.devices,
      privileged: security.privileged ?? false,
      readOnlyRoot: security.readOnlyRootFilesystem ?? false,
      workingDir: spec.workingDir ?? image.workingDir ?? '/',
      argv: argvOf(spec, image).map((word) => expand(word, env)),
    });
  } finally {
    closeSync(log);
  }
}

function userOf({ owner, spec, image }: ContainerStart): User {
  const pod = owner.object.spec.securityContext ?? {};
  const own = spec.securityContext ?? {};
  const fsGroup = pod.fsGroup === undefined ? [] : [pod.fsGroup];
  const uid = own.runAsUser ?? pod.runAsUser ?? image.user ?? 0;
  // As containerd: whom the image does not know is in group 0, whatever group its own user is in.
  const group = uid === image.user ? image.group : 0;
  return {
    uid,
    gid: own.runAsGroup ?? pod.runAsGroup ?? group ?? 0,
    groups: [...new Set([...(pod.supplementalGroups ?? []), ...fsGroup])],
  };
}

function argvOf({ command, args }: ContainerSpec, image: Image): string[] {
  if (command !== undefined) return [...command, ...(args ?? [])];
  return [...(image.entryPoint ?? []), ...(args ?? image.args ?? [])];
}
