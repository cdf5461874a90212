import { existsSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Something of the node at a place in the container, or a file system of its own there. */
export type Mount = { to: string; readOnly?: boolean; options?: string } & ({ from: string } | { type: string });

export type RootPlan = {
  /** The container's own folder on the node's tmpfs: root, upper and work are made there. */
  folder: string;
  layers: readonly string[];
  devices: string;
  mounts: readonly Mount[];
  privileged: boolean;
};

// The machine's own settings are not the container's.
const READ_ONLY_IN_PROC = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs'];

/** Makes the folders of a container's root and the text of the fstab that assembles it. */
export function mountTable({ folder, layers, devices, mounts, privileged }: RootPlan): string {
  const root = join(folder, 'root');
  const upper = join(folder, 'upper');
  const work = join(folder, 'work');
  for (const each of [root, upper, work]) mkdirSync(each, { recursive: true });

  const line = (mount: Mount): string => {
    const at = followed(mount.to);
    const from = 'from' in mount ? mount.from : undefined;
    const own = from?.startsWith(root) ?? false;
    const file = from !== undefined && !own && !statSync(from).isDirectory();
    if (file && !at.startsWith('/dev/')) {
      // A file is bound over a file.
      mkdirSync(join(upper, dirname(at)), { recursive: true });
      writeFileSync(join(upper, at), '', { flag: 'a' });
    }
    const type = 'type' in mount ? mount.type : 'none';
    const options = [
      ...(from === undefined ? [] : ['bind']),
      ...(file || own ? [] : ['X-mount.mkdir']),
      mount.readOnly ? 'ro' : 'rw',
      ...(mount.options === undefined ? [] : [mount.options]),
    ];
    return `${quoted(from ?? type)} ${quoted(join(root, at))} ${type} ${options.join(',')} 0 0\n`;
  };
  const readOnlyProc = privileged ? [] : READ_ONLY_IN_PROC.filter((path) => existsSync(path));
  const all: Mount[] = [
    { type: 'proc', to: '/proc' },
    ...readOnlyProc.map((path) => ({ from: join(root, path), to: path, readOnly: true })),
    { type: 'sysfs', to: '/sys', readOnly: true },
    { from: devices, to: '/dev', readOnly: true },
    { type: 'devpts', to: '/dev/pts', options: 'newinstance,ptmxmode=0666,mode=0620' },
    { type: 'tmpfs', to: '/dev/shm', options: 'mode=1777,size=64m' },
    ...mounts.toSorted((a, b) => a.to.length - b.to.length),
  ];
  const overlay = `lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work}`;
  return `overlay ${quoted(root)} overlay ${overlay} 0 0\n${all.map(line).join('')}`;
}

/** With the machine's symbolic links followed: /var/run is /run. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === '/' ? path : join(followed(dirname(path)), basename(path));
  }
}

/** As fstab(5) has it. */
function quoted(text: string): string {
  return text.replace(/[\\ \t\n]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
