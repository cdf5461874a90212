import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache-folder.ts';

const sources = join(import.meta.dirname, 'mongodev');

/** Where the build of these very sources lies, or will lie. */
export function mongoDevFolder(): string {
  const hash = createHash('sha256');
  for (const file of readdirSync(sources).sort()) hash.update(`${file}\0`).update(readFileSync(join(sources, file)));
  return join(cacheFolder(), `mongodev-${hash.digest('hex').slice(0, 16)}`);
}

/** Compiles MongoDev unless that is done; several processes may do it at once. Answers the folder of classes and lib. */
export async function buildMongoDev(): Promise<string> {
  const target = mongoDevFolder();
  if (existsSync(target)) return target;
  process.stderr.write('building MongoDev…\n');
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(`${target}-building-`);
  try {
    const run = promisify(execFile);
    await copyFile(join(sources, 'pom.xml'), join(work, 'pom.xml'));
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${work}/lib`], { cwd: work });
    const javaFiles = readdirSync(sources).filter((file) => file.endsWith('.java'));
    await run('javac', ['-d', `${work}/classes`, '-cp', `${work}/lib/*`, ...javaFiles], { cwd: sources });
    await rename(work, target);
  } catch (error) {
    // Somebody else was first: a folder that is not empty cannot be renamed over.
    if (!existsSync(target)) throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

if (import.meta.main) await buildMongoDev();
