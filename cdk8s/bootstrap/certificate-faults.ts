import type { PlatformProps } from '../platform-props.ts';
import { defaultSchedule } from './certificates-cron-job.ts';
import { longestPauseSeconds } from './cron-schedule.ts';

/** Of services/bootstrap, which demands the same, but for what the schedule is about. */
const defaults = {
  certificateSeconds: 90 * 86_400,
  authoritySeconds: 5 * 365 * 86_400,
  trustSeconds: 120 * 86_400,
  settleSeconds: 3_600,
} as const;
const least = { certificateSeconds: 20, authoritySeconds: 60, trustSeconds: 0, settleSeconds: 0 } as const;

/** What is wrong with lives and times of certificates. */
export function certificateFaults({ certificates = {}, tls = 'internal' }: PlatformProps): string[] {
  const { schedule = defaultSchedule, suspended = false, ...given } = certificates;
  const seconds = { ...defaults, ...given };
  const { certificateSeconds, authoritySeconds, trustSeconds, settleSeconds } = seconds;
  const faults: string[] = [];
  for (const [name, min] of Object.entries(least) as [keyof typeof least, number][]) {
    if (Number.isSafeInteger(seconds[name]) && seconds[name] >= min) continue;
    faults.push(`certificates.${name} must be a whole number from ${min}, got ${seconds[name]}`);
  }
  // A third of an authority's life must see its successor trusted, and what it signed end.
  if (authoritySeconds < 3 * (trustSeconds + certificateSeconds)) {
    faults.push('certificates.authoritySeconds must be three times certificateSeconds and trustSeconds together');
  }
  if (certificateSeconds < 6 * settleSeconds)
    faults.push('certificates.certificateSeconds must be six times settleSeconds');
  const pause = longestPauseSeconds(schedule);
  if (pause === undefined) {
    faults.push(`certificates.schedule must have the five fields of cron and be due, got ${JSON.stringify(schedule)}`);
    return faults;
  }
  // Renewed by the first run of the last third; by the second one where that fails.
  if (tls === 'internal' && !suspended && certificateSeconds < 6 * pause) {
    faults.push(
      `certificates.certificateSeconds must be six times the longest pause of schedule (${pause} s), ` +
        `or nobody renews in time, got ${certificateSeconds}`,
    );
  }
  return faults;
}
