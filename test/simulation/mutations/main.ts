import { availableParallelism } from 'node:os';
import { mutations } from './all-mutations.ts';
import { MutatedTree } from './mutated-tree.ts';
import { type Trial, tryMutation } from './try-mutation.ts';

// make mutate RULE=part-of-a-name,another SEEDS=300: switches each rule off in a copy of the tree and runs seeds until one fails.
const wanted = (process.env['RULE'] ?? '').split(',');
const maxSeeds = Number(process.env['SEEDS'] || 300);
const waiting = mutations.filter(({ name }) => wanted.some((part) => name.includes(part)));
let missed = 0;

function report({ mutation, caught }: Trial): void {
  const { decision, house, name, unseen } = mutation;
  const found = caught ? `caught after ${caught.seeds} seeds` : unseen ? 'not seen, as expected' : 'NOT CAUGHT';
  if (!caught && !unseen) missed += 1;
  console.log(`${String(decision).padStart(2)}  ${name.padEnd(44)} ${house.padEnd(14)} ${found}`);
  if (caught) console.log(`      ${caught.failure.split('\n')[0]}`);
}

async function work(): Promise<void> {
  const tree = new MutatedTree();
  try {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      report(next.edits.length > 0 ? await tryMutation(tree, next, maxSeeds) : { mutation: next, caught: undefined });
    }
  } finally {
    tree.remove();
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
if (missed > 0) {
  console.log(`${missed} rules can be switched off unnoticed`);
  process.exitCode = 1;
}
