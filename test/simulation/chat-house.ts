import { newcomersAreServed } from './chat-newcomers.ts';
import { broken, notShown, unsettled } from './chat-oracle.ts';
import { type ChatStep, makeChatSchedule } from './chat-schedule.ts';
import { ChatWorld } from './chat-world.ts';
import { inWords } from './faults.ts';
import type { House } from './run-seeds.ts';
import { runWorld } from './simulate.ts';

export const chatHouse: House<ChatStep> = {
  name: 'chat',
  makeSchedule: makeChatSchedule,
  inWords,
  simulate(seed, steps) {
    const world = new ChatWorld(seed);
    world.schedule(steps);
    const { platform } = world;
    return runWorld({
      platform,
      speak: () => world.send(0, 1),
      notShown: () => notShown(world),
      unsettled: () => unsettled(world),
      broken: () => broken(world),
      epilogue: () => newcomersAreServed(world),
    });
  },
};
