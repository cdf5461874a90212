import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { checkEdits, type MutatedTree } from './mutated-tree.ts';
import type { Mutation } from './mutation.ts';

export type Trial = { readonly mutation: Mutation; readonly caught: Caught | undefined };
/** After so many seeds, and how it showed. */
type Caught = { readonly seeds: number; readonly failure: string };

const run = promisify(execFile);
const firstSeed = 1;

/** Runs seeds in a process of its own, with that rule switched off, until one fails. */
export async function tryMutation(tree: MutatedTree, mutation: Mutation, maxSeeds: number): Promise<Trial> {
  checkEdits(mutation);
  return tree.without(mutation, async (folder) => {
    const script = 'test/simulation/mutations/find-failure.ts';
    const args = ['--disable-warning=ExperimentalWarning', script, mutation.house, `${firstSeed}`, `${maxSeeds}`];
    const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 16 * 1024 * 1024 });
    const failed = JSON.parse(stdout) as { seed: number; failure: string } | null;
    return { mutation, caught: failed ? { seeds: failed.seed - firstSeed + 1, failure: failed.failure } : undefined };
  });
}
