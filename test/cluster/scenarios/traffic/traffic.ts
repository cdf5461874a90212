import { eventually } from '../../../eventually.ts';
import type { Installed } from '../installed.ts';
import { kubectl } from '../kubectl.ts';
import { startInPod, statusOf, strangerNamespace, writtenBy } from '../stranger.ts';
import { flowingMark, reportMark, type TrafficReport } from './traffic-report.ts';

/** More than the program itself has for its calm. */
const patience = { timeoutMs: 5 * 60_000, everyMs: 1_000 };

/** Steady traffic of clients and a publisher, from a pod of the stranger's namespace. */
export class Traffic {
  #reports = 0;

  private constructor() {}

  /** Resolves when everybody is connected and was shown something. */
  static async start(installed: Installed): Promise<Traffic> {
    await startInPod(installed, 'traffic');
    const traffic = new Traffic();
    await traffic.#written((lines) => (lines.includes(flowingMark) ? undefined : 'the traffic does not flow'));
    return traffic;
  }

  /** What was seen since the last time, once everybody has fallen silent. Then it goes on. */
  async report(): Promise<TrafficReport> {
    await signal('USR2');
    this.#reports += 1;
    const reports = (lines: readonly string[]) => lines.filter((line) => line.startsWith(reportMark));
    const lines = await this.#written((all) =>
      reports(all).length >= this.#reports ? undefined : 'the traffic does not report',
    );
    return JSON.parse(reports(lines).at(-1)?.slice(reportMark.length) ?? '') as TrafficReport;
  }

  async stop(): Promise<void> {
    await kubectl(['delete', 'pod', 'traffic', `--namespace=${strangerNamespace}`, '--ignore-not-found']);
  }

  async #written(why: (lines: readonly string[]) => string | undefined): Promise<readonly string[]> {
    let lines: readonly string[] = [];
    let over: string | undefined;
    await eventually(async () => {
      const { phase } = await statusOf('traffic');
      lines = (await writtenBy('traffic')).split('\n');
      if (phase === 'Failed' || phase === 'Succeeded') over = `the traffic ended:\n${lines.join('\n')}`;
      return over === undefined ? why(lines) : undefined;
    }, patience);
    if (over !== undefined) throw new Error(over);
    return lines;
  }
}

/** To its first process, which a shell beside it can reach. */
async function signal(name: 'USR2'): Promise<void> {
  const command = ['sh', '-c', `kill -${name} 1`];
  await kubectl(['exec', 'traffic', `--namespace=${strangerNamespace}`, '--', ...command]);
}
