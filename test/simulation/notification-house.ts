import { inWords } from './faults.ts';
import { newcomersMissNothing } from './newcomers.ts';
import { broken, notShown, unsettled } from './notification-oracle.ts';
import { makeNotificationSchedule, type NotificationStep } from './notification-schedule.ts';
import { NotificationWorld } from './notification-world.ts';
import type { House } from './run-seeds.ts';
import { runWorld } from './simulate.ts';

export const notificationHouse: House<NotificationStep> = {
  name: 'notifications',
  makeSchedule: makeNotificationSchedule,
  inWords,
  simulate(seed, steps) {
    const world = new NotificationWorld(seed);
    world.schedule(steps);
    const { platform } = world;
    return runWorld({
      platform,
      speak: () => world.publish(),
      notShown: () => notShown(world),
      epilogue: () => newcomersMissNothing(world),
      unsettled: () => unsettled(world),
      broken: () => broken(world),
    });
  },
};
