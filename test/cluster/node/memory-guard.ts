import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 1000;

/** In place of a memory cgroup: once a second the memory of a process and its descendants; resolves true when above. */
export async function exceedsMemory(pid: number, limitBytes: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (memoryOf(pid) > limitBytes) return true;
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

function memoryOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const own = ['RssAnon', 'RssShmem'].map(
      (field) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]),
    );
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return [...own, ...children.map((child) => memoryOf(Number(child)))].reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    // It has just ended.
    return 0;
  }
}
