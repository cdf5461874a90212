import { mergedQuantile, type Pair, quantile, ratioOf } from '../bootstrap.ts';
import type { Finding } from '../findings.ts';
import { type Contenders, crowd, faultOf } from './contenders.ts';
import type { LoadResult } from './driver/loads.ts';
import { startDriver } from './driver.ts';

export type Latency = { readonly rounds: readonly Pair<LoadResult>[]; readonly findings: readonly Finding[] };

/** From the planned time of a POST to its display at the last member, at a constant rate; and once with the SDK's clients. */
export async function measureLatency(
  contenders: Contenders,
  { rounds, seconds, rate }: { rounds: number; seconds: number; rate: number },
): Promise<Latency> {
  const load = { kind: 'open', rate, seconds } as const;
  const measured: Pair<LoadResult>[] = [];
  await contenders.inTurn({ ...load, seconds: 2 }, 'warm-up');
  for (let round = 1; round <= rounds; round += 1) {
    measured.push(await contenders.inTurn(load, `at ${rate.toFixed(0)}/s, round ${round}`));
  }
  const samples = measured.map(({ ours, peer }) => ({ ours: ours.displayMs, peer: peer.displayMs }));
  const findings = [0.5, 0.99].map((share): Finding => {
    const of = mergedQuantile(share);
    const { ratio, upper } = ratioOf(samples, of);
    const [ours, peer] = [of(samples.map((pair) => pair.ours)), of(samples.map((pair) => pair.peer))];
    return {
      what: `POST → displayed, p${share * 100} at ${rate.toFixed(0)}/s, ours / peer`,
      measured: `${ratio.toFixed(2)} (95 %: ≤ ${upper.toFixed(2)}; ${ours.toFixed(1)} ms, ${peer.toFixed(1)} ms)`,
      target: 'upper bound ≤ 1.10',
      met: upper <= 1.1,
    };
  });
  return { rounds: measured, findings: [...findings, await withSdk(contenders, load)] };
}

async function withSdk({ ours }: Contenders, load: { kind: 'open'; rate: number; seconds: number }): Promise<Finding> {
  await using driver = await startDriver(ours, { ...crowd, clients: 'sdk' });
  const result = await driver.run(load);
  const sorted = Float64Array.from(result.displayMs).sort();
  const fault = faultOf(result);
  return {
    what: 'the same, ours with the SDK over SignalR',
    measured: fault ?? `p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p99 ${quantile(sorted, 0.99).toFixed(1)} ms`,
  };
}
