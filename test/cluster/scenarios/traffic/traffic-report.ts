/** A request through the gateway that got 500 or more, or no answer. Times in ms since 1970. */
export type BadAnswer = {
  /** As the gateway's table names it. */
  readonly route: 'chat' | 'notifications';
  readonly method: string;
  /** 0: there was no answer. */
  readonly status: number;
  readonly detail: string;
  readonly began: number;
  readonly ended: number;
};

/** What pods/traffic.ts saw since the report before, as it prints it: once all was calm, or its patience at an end. */
export type TrafficReport = {
  /** Of everybody's requests. */
  readonly answered: number;
  readonly bad: readonly BadAnswer[];
  /** When what was written, or published, was acknowledged: by a 201, by the broker's confirm. */
  readonly acknowledged: { readonly messages: readonly number[]; readonly likes: readonly number[] };
  /** From an acknowledgement to the last display of it. */
  readonly slowestMs: number;
  /** What was acknowledged and is not displayed, displayed twice or out of order, and whatever else must not be: in words. */
  readonly faults: readonly string[];
};

/** Begins the line of a report, of whatever the pod logs. */
export const reportMark = 'REPORT ';
/** The line that says that everybody is connected and was shown something. */
export const flowingMark = 'FLOWING';
