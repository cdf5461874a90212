import type { Installed } from '../installed.ts';
import { type Circumstances, complaintsOf, type Death, pausesOf } from './judge.ts';
import { Readiness, type Span } from './readiness.ts';
import { Traffic } from './traffic.ts';
import type { TrafficReport } from './traffic-report.ts';

/** In a talk of a few messages a second. */
const pauseMs = 10_000;

/** Traffic, and what is watched beside it. */
export class UnderTraffic implements AsyncDisposable {
  readonly installed: Installed;
  readonly readiness: Readiness;
  readonly #traffic: Traffic;

  private constructor(installed: Installed, traffic: Traffic) {
    this.installed = installed;
    this.#traffic = traffic;
    this.readiness = new Readiness(installed.namespace);
  }

  static async start(installed: Installed): Promise<UnderTraffic> {
    const under = new UnderTraffic(installed, await Traffic.start(installed));
    await under.readiness.begun();
    return under;
  }

  /**
   * Lets the traffic fall silent, and rejects with what it has against the platform since the last time.
   *
   * @param acknowledgedIn spans in which messages were acknowledged all the time
   */
  async check({ deaths = [], acknowledgedIn = [] }: { deaths?: readonly Death[]; acknowledgedIn?: readonly Span[] }) {
    const report = await this.#traffic.report();
    const without: Circumstances['without'] = (service) => this.readiness.without(service);
    const { messages, likes } = report.acknowledged;
    const complaints = [
      ...complaintsOf(report, { without, deaths }),
      ...acknowledgedIn.flatMap((span) => pausesOf(messages, span, pauseMs)),
    ];
    console.log(
      `      ${messages.length} messages and ${likes.length} likes were acknowledged, and displayed within ` +
        `${report.slowestMs} ms; of ${report.answered} requests ${inNumbers(report.bad)}`,
    );
    if (complaints.length > 0) throw new Error(`\n  ${complaints.join('\n  ')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.readiness.stop();
    await this.#traffic.stop();
  }
}

function inNumbers(bad: TrafficReport['bad']): string {
  const unanswered = bad.filter(({ status }) => status === 0).length;
  return `${bad.length - unanswered} got 5xx, and ${unanswered} more no answer`;
}
