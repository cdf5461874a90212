import type { Finding } from '../findings.ts';
import { startContenders } from './contenders.ts';
import { measureJitter } from './jitter-bench.ts';
import { measureLatency } from './latency-bench.ts';
import { measurePeak } from './peak-bench.ts';
import { measureReplicas } from './replicas-bench.ts';
import type { ChatServers } from './systems.ts';

export type ChatBenchSize = {
  readonly rounds: number;
  readonly peakMessages: number;
  readonly openSeconds: number;
  readonly replicaSeconds: number;
  readonly jitterSeconds: number;
};

/** About eight minutes, and one to see that it works. */
export const chatBenchSizes: Readonly<Record<'whole' | 'short', ChatBenchSize>> = {
  whole: { rounds: 6, peakMessages: 3_000, openSeconds: 8, replicaSeconds: 20, jitterSeconds: 60 },
  short: { rounds: 2, peakMessages: 500, openSeconds: 2, replicaSeconds: 3, jitterSeconds: 20 },
};

/** Ours beside express + socket.io + Redis adapter on the same servers; then four replicas, and the jitter. */
export async function benchChat(
  servers: ChatServers,
  size: ChatBenchSize,
): Promise<{ findings: readonly Finding[]; raw: object }> {
  const beside = await besideThePeer(servers, size);
  const replicas = await measureReplicas(servers, { seconds: size.replicaSeconds });
  return {
    findings: [...beside.findings, ...replicas.findings],
    raw: { ...beside.raw, replicas: replicas.result },
  };
}

async function besideThePeer(
  servers: ChatServers,
  { rounds, peakMessages, openSeconds, jitterSeconds }: ChatBenchSize,
) {
  await using contenders = await startContenders(servers);
  const peak = await measurePeak(contenders, { rounds, messages: peakMessages });
  const rate = peak.slowerPerSecond / 2;
  const latency = await measureLatency(contenders, { rounds, seconds: openSeconds, rate });
  const jitter = await measureJitter(contenders, { seconds: jitterSeconds });
  return {
    findings: [...peak.findings, ...latency.findings, ...jitter.findings],
    raw: { peak: peak.rounds, latency: latency.rounds, jitter: jitter.results },
  };
}
