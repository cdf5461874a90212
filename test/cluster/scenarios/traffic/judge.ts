import type { Span } from './readiness.ts';
import type { BadAnswer, TrafficReport } from './traffic-report.ts';

/** A pod that was ended without a warning. `to`: when it was known that its process is gone. */
export type Death = Span & { readonly service: string };

export type Circumstances = {
  /** When a Service had no ready endpoint. */
  readonly without: (service: string) => readonly Span[];
  readonly deaths: readonly Death[];
};

const serviceOf = { chat: 'chat', notifications: 'notification' } as const;
/** Between the end of a process, or of the last endpoint, and the last one who hears of it. */
const lagMs = 3_000;

/**
 * What the traffic has against the platform, in words. An answer of 500 or more is right only while the service it came from
 * had no ready endpoint, or where the process that had the request in hand was killed. No answer at all is right where a gateway was
 * killed, or there was none.
 */
export function complaintsOf(report: TrafficReport, { without, deaths }: Circumstances): string[] {
  const isExcused = (answer: BadAnswer) => {
    const service = answer.status === 0 ? 'gateway' : serviceOf[answer.route];
    const lagging = ({ from, to }: Span) => ({ from, to: to + lagMs });
    if (without(service).some((span) => overlaps(answer, lagging(span)))) return true;
    const own = deaths.filter((death) => death.service === service);
    // Connections go to a pod that is dead until every node knows it; what a gateway has in hand it can dial again.
    return own.some((death) => overlaps(answer, answer.status === 0 ? lagging(death) : death));
  };
  return [...report.faults, ...report.bad.filter((answer) => !isExcused(answer)).map(inWords)];
}

function overlaps({ began, ended }: BadAnswer, { from, to }: Span): boolean {
  return began <= to && ended >= from;
}

function inWords({ route, method, status, detail, began, ended }: BadAnswer): string {
  const answer = status === 0 ? 'no answer' : status;
  return `${method} ${route} at ${new Date(began).toISOString()} got ${answer} after ${ended - began} ms: ${detail}`;
}

/** Complains where `times` have fewer than `least` in the span, or a pause of more than `pauseMs`. */
export function pausesOf(times: readonly number[], { from, to }: Span, pauseMs: number): string[] {
  const within = times.filter((at) => at >= from && at <= to).sort((a, b) => a - b);
  const marks = [from, ...within, to];
  return marks.slice(1).flatMap((at, index) => {
    const pause = at - (marks[index] ?? at);
    return pause > pauseMs ? [`nothing was acknowledged for ${pause} ms before ${new Date(at).toISOString()}`] : [];
  });
}
