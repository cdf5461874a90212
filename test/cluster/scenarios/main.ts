import { randomUUID } from 'node:crypto';
import { readInstalled } from './installed.ts';
import { becomesReady } from './steps/becomes-ready.ts';
import { everyPair } from './steps/every-pair.ts';
import { apply, applyChangesNothing, uninstallKeepsData } from './steps/install.ts';
import { type Step, stepsUnderTraffic } from './steps/steps-under-traffic.ts';
import { makeStranger, removeStranger, runInPod } from './stranger.ts';

// scenarios.sh: all steps in this order, each of which must hold.
const installed = readInstalled(process.env['ENVIRONMENT'] ?? 'kind');
const [said, saidLater] = [`hello ${randomUUID()}`, `hello again ${randomUUID()}`];
const underTraffic = stepsUnderTraffic(installed, Number(process.env['ROUNDS'] ?? 1));

const steps: readonly Step[] = [
  ['everything becomes Ready', () => becomesReady(installed)],
  ['a second apply changes nothing', () => applyChangesNothing(installed)],
  ['another namespace is given a publisher', () => makeStranger(installed)],
  ['every pod reaches what docs/network.md says, and nothing else', () => everyPair(installed)],
  ['a like that it publishes is shown once, through the Service', () => runInPod(installed, 'like')],
  ['a chat message is displayed', () => runInPod(installed, 'chat', { SAY: said, SAID: '' })],
  ...underTraffic.steps,
  ['uninstalling leaves claims and Secrets', () => uninstallKeepsData(installed)],
  ['a new install takes them up', () => apply(installed).then(() => becomesReady(installed))],
  ['a like is shown there too', () => runInPod(installed, 'like')],
  ['what was said is still there', () => runInPod(installed, 'chat', { SAY: saidLater, SAID: said })],
];

let current = '';
try {
  for (const [name, step] of steps) {
    current = name;
    const began = Date.now();
    await step();
    console.log(`ok    ${name} (${Math.round((Date.now() - began) / 1_000)} s)`);
  }
} catch (error) {
  console.log(`FAILS ${current}: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await underTraffic.end();
  await removeStranger();
}
