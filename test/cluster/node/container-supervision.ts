import { quantity } from '../api/quantity.ts';
import { attempt } from './attempt.ts';
import type { Container } from './container.ts';
import { exceedsMemory } from './memory-guard.ts';
import { probeLoop } from './probe-loop.ts';

const POST_START_TIMEOUT_MS = 600_000;

/** postStart, then the probes, as long as the container runs. */
export async function superviseContainer(container: Container, pid: number, signal: AbortSignal): Promise<void> {
  const { spec, owner } = container;
  const memory = spec.resources?.limits?.['memory'];
  if (memory !== undefined) void guardMemory(container, pid, quantity(memory), signal);
  const { postStart } = spec.lifecycle ?? {};
  if (postStart !== undefined) {
    try {
      await attempt(postStart, container.target(), POST_START_TIMEOUT_MS);
    } catch (error) {
      owner.event('FailedPostStartHook', `${spec.name}: ${(error as Error).message}`);
      return container.restart();
    }
  }
  const started = await hasStarted(container, signal);
  if (signal.aborted) return;
  if (!started) return container.restart(spec.startupProbe?.terminationGracePeriodSeconds);
  container.set({ started: true, ready: spec.readinessProbe === undefined });
  container.startedOnce.resolve();
  await Promise.all([probeReadiness(container, signal), probeLiveness(container, signal)]);
}

async function hasStarted(container: Container, signal: AbortSignal): Promise<boolean> {
  const { startupProbe } = container.spec;
  if (startupProbe === undefined) return true;
  const decided = new AbortController();
  let started = false;
  await probeLoop(startupProbe, container.target(), AbortSignal.any([signal, decided.signal]), (good, why) => {
    if (!good) container.owner.event('Unhealthy', `Startup probe failed: ${why}`);
    started = good;
    decided.abort();
  });
  return started;
}

async function probeReadiness(container: Container, signal: AbortSignal): Promise<void> {
  const { readinessProbe } = container.spec;
  if (readinessProbe === undefined) return;
  await probeLoop(readinessProbe, container.target(), signal, (good, why) => {
    if (!good) container.owner.event('Unhealthy', `Readiness probe failed: ${why}`);
    if (container.ready !== good) container.set({ ready: good });
  });
}

async function probeLiveness(container: Container, signal: AbortSignal): Promise<void> {
  const { livenessProbe } = container.spec;
  if (livenessProbe === undefined) return;
  await probeLoop(livenessProbe, container.target(), signal, (good, why) => {
    // A pod that is stopped is not restarted.
    if (good || container.owner.stopping !== undefined) return;
    container.owner.event('Unhealthy', `Liveness probe failed: ${why}`);
    void container.restart(livenessProbe.terminationGracePeriodSeconds);
  });
}

async function guardMemory(container: Container, pid: number, limitBytes: number, signal: AbortSignal): Promise<void> {
  if (!(await exceedsMemory(pid, limitBytes, signal))) return;
  container.killedFor = 'OOMKilled';
  container.signal('SIGKILL');
}
