import { chmodSync, chownSync, existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec, Volume } from '../api/pod-spec.ts';
import { quantity } from '../api/quantity.ts';
import { expand } from './environment.ts';
import { writeFileTree } from './file-tree.ts';
import type { Mount } from './mount-table.ts';
import type { NodeContext } from './node-context.ts';
import type { PodView } from './pod-fields.ts';
import { mustRun } from './run-command.ts';
import { Tokens } from './tokens.ts';
import { isMadeOfFiles, volumeFiles } from './volume-files.ts';

const ETC_FILES = ['hosts', 'hostname', 'resolv.conf'];

/** A pod's volumes: each a folder, or a link to one. */
export class Volumes {
  readonly #node: NodeContext;
  readonly #pod: PodView;
  readonly #podFolder: string;
  readonly #tokens: Tokens;

  constructor(node: NodeContext, pod: PodView, podFolder: string) {
    this.#node = node;
    this.#pod = pod;
    this.#podFolder = podFolder;
    this.#tokens = new Tokens(node.kube, () => pod.object);
  }

  /** Makes or updates them; rejects while something that they need is missing. */
  async refresh(): Promise<void> {
    const { volumes = [] } = this.#pod.object.spec;
    mkdirSync(join(this.#podFolder, 'volumes'), { recursive: true });
    for (const volume of volumes) {
      if (isMadeOfFiles(volume)) await this.#write(volume);
      else if (!existsSync(this.#at(volume.name))) await this.#provide(volume);
    }
  }

  /** What a container mounts of them, and the pod's own files of /etc. */
  mounts(container: ContainerSpec, env: Readonly<Record<string, string>>): Mount[] {
    const { volumes = [] } = this.#pod.object.spec;
    const mounts: Mount[] = (container.volumeMounts ?? []).map((mount) => {
      const volume = volumes.find(({ name }) => name === mount.name);
      if (volume === undefined) throw new Error(`no volume ${mount.name}`);
      const sub = mount.subPathExpr === undefined ? mount.subPath : expand(mount.subPathExpr, env);
      const from = sub === undefined ? this.#at(mount.name) : this.#subPath(mount.name, sub);
      const readOnly = mount.readOnly === true || volume.persistentVolumeClaim?.readOnly === true;
      return { from, to: mount.mountPath, readOnly: readOnly || isMadeOfFiles(volume) };
    });
    for (const name of ETC_FILES) {
      const to = `/etc/${name}`;
      if (!mounts.some((mount) => mount.to === to)) mounts.push({ from: join(this.#podFolder, name), to });
    }
    return mounts;
  }

  async remove(): Promise<void> {
    for (const { name, emptyDir } of this.#pod.object.spec.volumes ?? []) {
      if (emptyDir?.sizeLimit !== undefined) await mustRun(['umount', '-l', this.#at(name)]).catch(() => {});
    }
  }

  #at(volume: string): string {
    return join(this.#podFolder, 'volumes', volume);
  }

  #subPath(volume: string, path: string): string {
    const at = join(this.#at(volume), path);
    if (!existsSync(at)) {
      mkdirSync(at, { recursive: true });
      chmodSync(at, 0o777);
    }
    return at;
  }

  async #write(volume: Volume): Promise<void> {
    const { spec } = this.#pod.object;
    const { fsGroup: gid, runAsUser } = spec.securityContext ?? {};
    const users = new Set(spec.containers.map(({ securityContext }) => securityContext?.runAsUser ?? runAsUser));
    const files = await volumeFiles(volume, { node: this.#node, pod: this.#pod, tokens: this.#tokens });
    // As a kubelet: of several users, all must be able to read the token.
    if (users.size > 1 && gid === undefined) for (const file of files.values()) if (file.own) file.mode = 0o644;
    writeFileTree(this.#at(volume.name), files, { gid, uid: users.size === 1 ? [...users][0] : undefined });
  }

  async #provide({ name, emptyDir, persistentVolumeClaim, hostPath }: Volume): Promise<void> {
    const at = this.#at(name);
    const gid = this.#pod.object.spec.securityContext?.fsGroup;
    if (hostPath !== undefined) {
      symlinkSync(hostPath.path, at);
      return;
    }
    if (persistentVolumeClaim !== undefined) {
      symlinkSync(await this.#claimFolder(persistentVolumeClaim.claimName), at);
    } else if (emptyDir !== undefined) {
      mkdirSync(at);
      // The limit holds at once here (ENOSPC); a real kubelet evicts the pod some time later unless the medium is Memory.
      if (emptyDir.sizeLimit !== undefined) {
        await mustRun(['mount', '-t', 'tmpfs', '-o', `size=${quantity(emptyDir.sizeLimit)}`, 'tmpfs', at]);
      }
      chmodSync(at, 0o777);
    } else {
      throw new Error(`volume ${name}: no such kind here`);
    }
    if (gid !== undefined) {
      chownSync(at, 0, gid);
      // Through a link, it is the claim's folder, which belongs to root.
      chmodSync(at, statSync(at).mode | 0o2770);
    }
  }

  async #claimFolder(claimName: string): Promise<string> {
    const claim = this.#node.claims.items.get(`${this.#pod.object.metadata.namespace}/${claimName}`);
    if (claim?.status.phase !== 'Bound') throw new Error(`persistentvolumeclaim "${claimName}" is not bound`);
    const { spec } = await this.#node.kube.must<{ spec: { hostPath?: { path: string }; local?: { path: string } } }>(
      'GET',
      `/api/v1/persistentvolumes/${claim.spec.volumeName}`,
    );
    const folder = spec.hostPath?.path ?? spec.local?.path;
    if (folder === undefined) throw new Error(`persistentvolume "${claim.spec.volumeName}" is no folder`);
    return folder;
  }
}
