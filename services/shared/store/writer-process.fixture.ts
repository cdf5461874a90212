import { resolve } from 'node:path';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { type Child, spawnChild } from '#test/dev-env/child.ts';
import { eventually } from '#test/eventually.ts';

/**
 * A process that writes until it is killed; it says `stored <key> <number>` of each row that it was answered for.
 * Resolves with its first one: how long a busy machine takes to start a process is not what tests wait for.
 */
export async function startWriter(fixture: string, ...args: readonly string[]): Promise<Child> {
  const writer = await spawnChild({
    command: process.execPath,
    args: [fixture, ...args],
    env: bareEnvironment(),
    cwd: resolve(import.meta.dirname, '../../..'),
  });
  await eventually(hasStored(writer, 1), { timeoutMs: 60_000 });
  return writer;
}

/** Of the lines that are whole. */
export function storedBy(writer: Child): { readonly key: string; readonly number: number }[] {
  const lines = writer.output().split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('stored '))
    .map((line) => ({ key: line.split(' ')[1] ?? '', number: Number(line.split(' ')[2]) }));
}

/** For `eventually`. */
export const hasStored = (writer: Child, count: number) => async () => {
  if (!writer.running) throw new Error(`the writer ended: ${writer.output()}`);
  const stored = storedBy(writer).length;
  return stored >= count ? undefined : `${stored} of ${count} stored`;
};
