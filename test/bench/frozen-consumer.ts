import { readFileSync } from 'node:fs';

/**
 * A consumer is measured from a standstill: it is connected and ready, frozen while its queue is filled, and then let go.
 * So neither its start nor the publisher is in the figure.
 */
export type Measured = {
  /** Wall-clock seconds from SIGCONT until `done`. */
  readonly seconds: number;
  /** User and system time of the consumer's process in that time. */
  readonly cpuSeconds: number;
};

export async function measureFrozen(
  consumer: { readonly pid: number; pause(): void; resume(): void },
  fill: () => Promise<void>,
  done: () => Promise<void>,
): Promise<Measured> {
  consumer.pause();
  await fill();
  const cpuBefore = cpuSecondsOf(consumer.pid);
  const finished = done();
  const startedAt = performance.now();
  consumer.resume();
  await finished;
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, cpuSeconds: cpuSecondsOf(consumer.pid) - cpuBefore };
}

/** From the kernel's own account, in ticks of 10 ms. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
