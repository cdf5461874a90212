const daySeconds = 86_400;
/** Two leap days are within. */
const lookAheadDays = 9 * 366;
const anyDay = Date.UTC(2026, 0, 1);

type Range = { readonly min: number; readonly max: number; readonly names?: readonly string[] };

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/**
 * How long it is at most from one run of a CronJob to the next, in seconds. undefined: it has not the five fields of cron, or
 * is never due.
 */
export function longestPauseSeconds(schedule: string): number | undefined {
  const texts = schedule.trim().split(/\s+/);
  if (texts.length !== 5) return undefined;
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = texts;
  const minutes = valuesOf(minute, { min: 0, max: 59 });
  const hours = valuesOf(hour, { min: 0, max: 23 });
  const inMonth = valuesOf(dayOfMonth, { min: 1, max: 31 });
  const inYear = valuesOf(month, { min: 1, max: 12, names: ['', ...months] });
  const inWeek = valuesOf(dayOfWeek, { min: 0, max: 6, names: days });
  if (!minutes || !hours || !inMonth || !inYear || !inWeek) return undefined;
  const isEither = !isAny(dayOfMonth) && !isAny(dayOfWeek);
  const isDue = (date: Date) => {
    const [byMonth, byWeek] = [inMonth.has(date.getUTCDate()), inWeek.has(date.getUTCDay())];
    return inYear.has(date.getUTCMonth() + 1) && (isEither ? byMonth || byWeek : byMonth && byWeek);
  };
  const times = [...hours].flatMap((h) => [...minutes].map((m) => h * 3_600 + m * 60)).sort((a, b) => a - b);
  const dueDays = Array.from({ length: lookAheadDays }, (_, day) => day).filter((day) =>
    isDue(new Date(anyDay + day * daySeconds * 1_000)),
  );
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const longest = (pauses: readonly number[]) => pauses.reduce((most, pause) => Math.max(most, pause), 0);
  const byDay = longest(pausesOf(times));
  const byNight = longest(pausesOf(dueDays)) * daySeconds - (last - first);
  return dueDays.length < 2 ? undefined : Math.max(byDay, byNight);
}

function pausesOf(sorted: readonly number[]): number[] {
  return sorted.slice(1).map((value, index) => value - (sorted[index] ?? value));
}

function isAny(field: string): boolean {
  return /^[*?]/.test(field);
}

/** Of `*`, `1,2`, `1-5`, `*`/2, `1-9/2`, names. undefined: it is none of them, or out of range. */
function valuesOf(field: string, range: Range): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of field.split(',')) {
    const [, first = '', last, step = '1'] = /^([*?]|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const isOpen = /^[*?]$/.test(first);
    if (first === '' || (isOpen && last !== undefined)) return undefined;
    const from = isOpen ? range.min : numberOf(first, range);
    const to = isOpen || (last === undefined && part.includes('/')) ? range.max : numberOf(last ?? first, range);
    if (from === undefined || to === undefined || from > to || Number(step) < 1) return undefined;
    for (let value = from; value <= to; value += Number(step)) values.add(value);
  }
  return values;
}

function numberOf(text: string, { min, max, names = [] }: Range): number | undefined {
  const named = text === '' ? -1 : names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= min && value <= max ? value : undefined;
}
