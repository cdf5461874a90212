import { type Pair, ratioOf } from '../bootstrap.ts';
import type { Finding } from '../findings.ts';
import type { Contenders } from './contenders.ts';
import type { LoadResult } from './driver/loads.ts';

export type Peak = {
  readonly rounds: readonly Pair<LoadResult>[];
  readonly findings: readonly Finding[];
  /** Of the system with the lower peak, messages/s. */
  readonly slowerPerSecond: number;
};

const window = 64;

/** Messages/s until the last of a round is displayed to its last member, the generator sending as fast as it is answered. */
export async function measurePeak(
  contenders: Contenders,
  { rounds, messages }: { rounds: number; messages: number },
): Promise<Peak> {
  const load = { kind: 'closed', count: messages, window } as const;
  await contenders.inTurn(load, 'warm-up');
  const measured: Pair<LoadResult>[] = [];
  for (let round = 1; round <= rounds; round += 1) measured.push(await contenders.inTurn(load, `peak ${round}`));
  const { ratio, lower, upper } = ratioOf(measured, perSecond);
  const [ours, peer] = [perSecond(measured.map((pair) => pair.ours)), perSecond(measured.map((pair) => pair.peer))];
  return {
    rounds: measured,
    slowerPerSecond: Math.min(ours, peer),
    findings: [
      {
        what: 'peak messages/s until displayed, ours / peer',
        measured: `${ratio.toFixed(2)} (95 %: ≥ ${lower.toFixed(2)}, ≤ ${upper.toFixed(2)}; ${ours.toFixed(0)}/s, ${peer.toFixed(0)}/s)`,
        target: 'lower bound ≥ 1.30',
        met: lower >= 1.3,
      },
      cpuFinding('CPU of the system per message, ours / peer', contenders.cpuPerMessage()),
    ],
  };
}

/** Of all rounds as one. */
function perSecond(rounds: readonly LoadResult[]): number {
  const sum = (of: (result: LoadResult) => number) => rounds.reduce((total, result) => total + of(result), 0);
  return sum(({ sent }) => sent) / sum(({ seconds }) => seconds);
}

function cpuFinding(what: string, { ours, peer }: Pair<Readonly<Record<string, number>>>): Finding {
  const total = (parts: Readonly<Record<string, number>>) => Object.values(parts).reduce((sum, part) => sum + part, 0);
  const words = (parts: Readonly<Record<string, number>>) =>
    Object.entries(parts)
      .map(([name, microseconds]) => `${name} ${microseconds.toFixed(0)}`)
      .join(', ');
  return {
    what,
    measured: `${(total(ours) / total(peer)).toFixed(2)} (µs, ours: ${words(ours)}; peer: ${words(peer)})`,
  };
}
