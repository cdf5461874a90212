import { availableParallelism } from 'node:os';
import { mutations } from './mutations/all-mutations.ts';
import { MutatedTree } from './mutations/mutated-tree.ts';
import { type Trial, tryMutation } from './mutations/try-mutation.ts';

// node test/simulation/mutate.ts [PART OF A NAME] [SEEDS]: switches each rule off in a copy of the tree and runs seeds until one fails.
const [, , wanted = '', seeds = '300'] = process.argv;
const waiting = mutations.filter(({ name }) => name.includes(wanted));
let missed = 0;

function report({ mutation, caught }: Trial): void {
  const { decision, house, name, unseen } = mutation;
  const found = caught ? `caught after ${caught.seeds} seeds` : unseen ? 'not seen, as expected' : 'NOT CAUGHT';
  if (!caught && !unseen) missed += 1;
  console.log(`${String(decision).padStart(2)}  ${name.padEnd(48)} ${house.padEnd(14)} ${found}`);
  if (caught) console.log(`      ${caught.failure.split('\n')[0]}`);
}

async function work(): Promise<void> {
  const tree = new MutatedTree();
  try {
    for (let next = waiting.shift(); next; next = waiting.shift()) report(await tryMutation(tree, next, Number(seeds)));
  } finally {
    tree.remove();
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
if (missed > 0) {
  console.log(`${missed} rules can be switched off unnoticed`);
  process.exitCode = 1;
}
