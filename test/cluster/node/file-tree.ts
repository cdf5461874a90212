import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** `own`: belongs to the container's user where no group is given. */
export type VolumeFile = { data: Buffer; mode: number; own?: boolean };
export type FileTree = Map<string, VolumeFile>;
export type Owner = { gid: number | undefined; uid: number | undefined };

/**
 * Writes files as a kubelet does: `..data` links to a folder that is swapped as a whole, so that readers never see half
 * of an update. Answers false when they were there already.
 */
export function writeFileTree(folder: string, files: FileTree, owner: Owner): boolean {
  mkdirSync(folder, { recursive: true });
  const data = join(folder, '..data');
  const current = existsSync(data) ? join(folder, readlinkSync(data)) : undefined;
  if (current !== undefined && holds(current, files)) return false;

  const next = `..${randomUUID()}`;
  mkdirSync(join(folder, next));
  for (const [path, file] of files) writeOne(join(folder, next, path), file, owner);
  symlinkSync(next, `${data}.next`);
  renameSync(`${data}.next`, data);

  const tops = new Set([...files.keys()].map((path) => path.split('/')[0] ?? path));
  for (const name of readdirSync(folder)) if (!name.startsWith('..') && !tops.has(name)) rmSync(join(folder, name));
  for (const top of tops) {
    if (existsSync(join(folder, top))) continue;
    rmSync(join(folder, top), { force: true });
    symlinkSync(`..data/${top}`, join(folder, top));
  }
  if (current !== undefined) rmSync(current, { recursive: true });
  return true;
}

function writeOne(path: string, { data, mode, own = false }: VolumeFile, { gid, uid }: Owner): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
  chmodSync(path, mode | (gid === undefined ? 0 : 0o440));
  if (gid !== undefined) chownSync(path, 0, gid);
  else if (own && uid !== undefined) chownSync(path, uid, 0);
}

function holds(folder: string, files: FileTree): boolean {
  const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  if (there.length !== files.size) return false;
  return [...files].every(([path, { data }]) => {
    const at = join(folder, path);
    return existsSync(at) && readFileSync(at).equals(data);
  });
}
