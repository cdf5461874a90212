import type { Installed } from '../installed.ts';
import { UnderTraffic } from '../traffic/under-traffic.ts';
import { podsAreDeletedAtOnce, processesAreKilled } from './kills.ts';
import { everythingIsRolledOut } from './rollouts.ts';
import { storesAreAway } from './stores-away.ts';

export type Step = readonly [name: string, run: () => Promise<unknown>];

/**
 * Whatever dies or is replaced while people talk: nothing acknowledged is lost, doubled or out of order, and nobody gets
 * 5xx but from what is down.
 *
 * @param rounds of everything
 */
export function stepsUnderTraffic(
  installed: Installed,
  rounds: number,
): { readonly steps: readonly Step[]; end(): Promise<void> } {
  let under: UnderTraffic | undefined;
  const flowing = (act: (under: UnderTraffic) => Promise<void>) => async () => {
    if (under === undefined) throw new Error('there is no traffic');
    await act(under);
  };
  const end = async () => {
    await under?.[Symbol.asyncDispose]();
    under = undefined;
  };
  const round: readonly Step[] = [
    ['a process of each service and a RabbitMQ node are killed', flowing(processesAreKilled)],
    ['a pod of each service is gone at once', flowing(podsAreDeletedAtOnce)],
    ['Redis is away, and then RabbitMQ: messages are taken, and nobody minds', flowing(storesAreAway)],
    ['everything is rolled out, and RabbitMQ node by node', flowing(everythingIsRolledOut)],
  ];
  const begin = async () => {
    under = await UnderTraffic.start(installed);
  };
  const steps: readonly Step[] = [
    ['two people talk, and a third posts and is liked', begin],
    ...Array.from({ length: rounds }, () => round).flat(),
    ['they fall silent', end],
  ];
  return { steps, end };
}
