import type { House } from './run-seeds.ts';
import { inWords, makeSchedule, type Step } from './schedule.ts';
import { simulateNotifications } from './simulate-notifications.ts';

export const notificationHouse: House<Step> = {
  name: 'notifications',
  simulate: simulateNotifications,
  makeSchedule,
  inWords,
};
