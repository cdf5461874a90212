import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Edit, Mutation } from './mutation.ts';

const root = join(import.meta.dirname, '../../..');
const copied = ['package.json', 'services', 'test/simulation', 'test/eventually.ts'];
const left = /(\.test\.tsx?|\.css|\.html|node_modules)$/;

/** A copy of what the simulator runs, in a folder of its own. The checkout is never touched. */
export class MutatedTree {
  readonly folder = mkdtempSync(join(tmpdir(), 'mutated-'));

  constructor() {
    for (const part of copied) {
      cpSync(join(root, part), join(this.folder, part), { recursive: true, filter: (path) => !left.test(path) });
    }
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Runs with that rule switched off. @throws Error when the rule is not where it was */
  async without<T>({ edits }: Mutation, run: (folder: string) => Promise<T>): Promise<T> {
    const originals = new Map(edits.map(({ file }) => [file, readFileSync(join(root, file), 'utf8')]));
    try {
      for (const [file, text] of originals) {
        writeFileSync(join(this.folder, file), editsOf(edits, file).reduce(edited, text));
      }
      return await run(this.folder);
    } finally {
      for (const [file, text] of originals) writeFileSync(join(this.folder, file), text);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** @throws Error when the text to be replaced is not there exactly once */
export function checkEdits({ name, edits }: Mutation): void {
  for (const { file, find } of edits) {
    const times = readFileSync(join(root, file), 'utf8').split(find).length - 1;
    if (times !== 1)
      throw new Error(`${name}: its text stands ${times} times in ${file}, look for the rule anew: ${find}`);
  }
}

function editsOf(edits: readonly Edit[], file: string): readonly Edit[] {
  return edits.filter((edit) => edit.file === file);
}

function edited(text: string, { find, replace }: Edit): string {
  return text.replace(find, () => replace);
}
