import { startService } from '#test/dev-env/process.ts';
import type { Pair } from '../bootstrap.ts';
import { quantile } from '../bootstrap.ts';
import type { Finding } from '../findings.ts';
import type { JitterPlan, JitterResult } from './jitter/main.ts';
import type { ChatSystem } from './systems.ts';

export type Jitter = { readonly results: Pair<JitterResult>; readonly findings: readonly Finding[] };

const people = { conversations: 4, membersEach: 25 } as const;
const cuts = { everyMs: 15_000, offlineMs: 2_000, talkEveryMs: 500 } as const;

/** A hundred clients lose every connection each ~15 s for 2 s while people talk: the SDK on ours, the stock client on the peer. */
export async function measureJitter(systems: Pair<ChatSystem>, { seconds }: { seconds: number }): Promise<Jitter> {
  const ours = await shake(systems.ours, 'sdk', seconds);
  const peer = await shake(systems.peer, 'socket.io', seconds);
  const sorted = Float64Array.from(ours.replayMs).sort();
  const replayMs = quantile(sorted, 0.99);
  const sinceNetwork = Float64Array.from(ours.sinceNetworkMs).sort();
  return {
    results: { ours, peer },
    findings: [
      {
        what: `jitter (${ours.cuts} cuts, 2 s offline): displayed of ${ours.expected}, SDK`,
        measured: `${percent(ours)} (${ours.expected - ours.displayed} missing)`,
        target: '100 %',
        met: ours.displayed === ours.expected,
      },
      {
        what: 'jitter: replay p99 after the reconnect, SDK',
        measured: `${replayMs.toFixed(0)} ms of ${sorted.length} replayed (since the network is back: p50 ${quantile(sinceNetwork, 0.5).toFixed(0)}, p99 ${quantile(sinceNetwork, 0.99).toFixed(0)} ms)`,
        target: '≤ 2000 ms',
        met: replayMs <= 2_000,
      },
      {
        what: `jitter (${peer.cuts} cuts): displayed of ${peer.expected}, stock socket.io with its Redis adapter`,
        measured: `${percent(peer)} (${peer.expected - peer.displayed} lost, ${peer.duplicates} twice)`,
      },
    ],
  };
}

async function shake({ gatewayUrl, secret, output }: ChatSystem, clients: JitterPlan['clients'], seconds: number) {
  const plan: JitterPlan = { gatewayUrl, secret, clients, ...people, ...cuts, seconds };
  await using service = await startService({
    main: 'test/bench/chat/jitter/main.ts',
    env: { PLAN: JSON.stringify(plan) },
  });
  await service.exited;
  const json = /^done (.*)$/m.exec(service.output())?.[1];
  if (json === undefined)
    throw new Error(`the jitter run ended: ${service.output().slice(-2000)}\n${output().slice(-2000)}`);
  const result = JSON.parse(json) as JitterResult;
  process.stdout.write(`jitter, ${clients}: ${percent(result)} of ${result.expected}\n`);
  if (clients === 'sdk') for (const line of result.behind) process.stdout.write(`  ${line}\n`);
  return result;
}

function percent({ displayed, expected }: JitterResult): string {
  return `${((100 * displayed) / expected).toFixed(2)} %`;
}
