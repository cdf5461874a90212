import { createHash } from 'node:crypto';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Image } from '../images/image.ts';
import { mustRun } from './run-command.ts';

/** What a container must not see of this machine: these appear empty. */
const HIDDEN: Record<string, string> = {
  '/tmp': '1777',
  '/var/tmp': '1777',
  '/root': '0700',
  '/home': '0755',
  '/run': '0755',
  '/media': '0755',
  '/srv': '0755',
};
const DEVICES: Record<string, number> = { null: 3, zero: 5, full: 7, random: 8, urandom: 9 };
const DEVICE_LINKS: Record<string, string> = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
  ptmx: 'pts/ptmx',
};

/** The lower folders of every container's root, on the node's tmpfs. */
export class Layers {
  readonly devices: string;
  readonly #folder: string;
  readonly #images = new Map<string, Promise<string>>();

  private constructor(folder: string) {
    this.#folder = folder;
    this.devices = join(folder, 'dev');
  }

  /** Once per node. */
  static async create(folder: string): Promise<Layers> {
    const layers = new Layers(folder);
    await layers.#makeDevices();
    await layers.#hide();
    return layers;
  }

  /** Topmost first, the machine's own root last: overlayfs' `lowerdir`. */
  async of(image: Image): Promise<string[]> {
    const own = image.files === undefined && image.folders === undefined ? [] : [await this.#imageLayer(image)];
    return [...own, join(this.#folder, 'blank'), join(this.#folder, 'white'), '/'];
  }

  async #makeDevices(): Promise<void> {
    for (const folder of ['pts', 'shm']) mkdirSync(join(this.devices, folder), { recursive: true });
    for (const [name, minor] of Object.entries(DEVICES)) await makeNode(join(this.devices, name), 1, minor);
    await makeNode(join(this.devices, 'tty'), 5, 0);
    for (const [name, target] of Object.entries(DEVICE_LINKS)) symlinkSync(target, join(this.devices, name));
    writeFileSync(join(this.devices, 'termination-log'), '');
  }

  async #hide(): Promise<void> {
    for (const [path, mode] of Object.entries(HIDDEN)) {
      const white = join(this.#folder, 'white', path);
      mkdirSync(dirname(white), { recursive: true });
      // overlayfs takes the device 0:0 for "nothing here".
      await mustRun(['mknod', white, 'c', '0', '0']);
      const blank = join(this.#folder, 'blank', path);
      mkdirSync(blank, { recursive: true });
      await mustRun(['chmod', mode, blank]);
    }
  }

  #imageLayer({ files = {}, folders = {} }: Image): Promise<string> {
    const name = createHash('sha256')
      .update(JSON.stringify([files, folders]))
      .digest('hex')
      .slice(0, 16);
    const layer = join(this.#folder, 'images', name);
    const make = async () => {
      mkdirSync(layer, { recursive: true });
      for (const [path, mode] of Object.entries(folders)) {
        mkdirSync(join(layer, path), { recursive: true });
        await mustRun(['chmod', mode, join(layer, path)]);
      }
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(layer, path)), { recursive: true });
        writeFileSync(join(layer, path), content);
      }
      return layer;
    };
    const made = this.#images.get(name) ?? make();
    this.#images.set(name, made);
    return made;
  }
}

async function makeNode(path: string, major: number, minor: number): Promise<void> {
  await mustRun(['mknod', '-m', '666', path, 'c', String(major), String(minor)]);
}
