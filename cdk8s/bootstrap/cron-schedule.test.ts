import { expect, it } from 'vitest';
import { longestPauseSeconds } from './cron-schedule.ts';

const [minute, hour, day] = [60, 3_600, 86_400];

it.each<[string, number]>([
  ['* * * * *', minute],
  ['*/15 * * * *', 15 * minute],
  ['7/20 * * * *', 20 * minute],
  ['0,5 * * * *', 55 * minute],
  ['17 3 * * *', day],
  ['17 3,9 * * *', 18 * hour],
  ['0 8-18/2 * * *', 14 * hour],
  ['0 0 * * mon-fri', 3 * day],
  ['0 0 * * 0', 7 * day],
  ['0 0 1 * *', 31 * day],
  ['0 0 31 * *', 61 * day],
  // Either of the two, where both are named.
  ['0 0 1 * 0', 7 * day],
  ['0 0 1 jan,JUL *', 184 * day],
  ['0 0 29 2 *', (4 * 365 + 1) * day],
])('the longest pause of %s', (schedule, seconds) => {
  expect(longestPauseSeconds(schedule)).toBe(seconds);
});

it.each([
  '',
  'at night',
  '* * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '5-1 * * * *',
  '*/0 * * * *',
  '0 0 31 2 *',
  '0 0 * * tues',
  '*-5 * * * *',
])('there is none of %j', (schedule) => {
  expect(longestPauseSeconds(schedule)).toBeUndefined();
});
