import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder as a kubelet mounts a Secret: its files are links through `..data`, so that all of them change at one instant. */
export class MountedFiles implements AsyncDisposable {
  readonly folder: string;
  #version = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(files: Readonly<Record<string, string>>): Promise<MountedFiles> {
    const mounted = new MountedFiles(await mkdtemp(join(tmpdir(), 'sonixy-mounted-')));
    await mounted.replace(files);
    for (const name of Object.keys(files)) await symlink(join('..data', name), join(mounted.folder, name));
    return mounted;
  }

  /** By files of the same names. */
  async replace(files: Readonly<Record<string, string>>): Promise<void> {
    const before = `..version-${this.#version}`;
    const name = `..version-${++this.#version}`;
    await mkdir(join(this.folder, name));
    for (const [file, content] of Object.entries(files)) await writeFile(join(this.folder, name, file), content);
    await symlink(name, join(this.folder, '..data-next'));
    await rename(join(this.folder, '..data-next'), join(this.folder, '..data'));
    await rm(join(this.folder, before), { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
