import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Waits until this process alone holds the lock of that file; the answer gives it back. The kernel gives it back, too,
 * when this process dies, however that comes about.
 */
export async function holdLock(file: string): Promise<() => Promise<void>> {
  // cat ends with its input, which is ours.
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = once(holder, 'exit').then(([code]) => {
    throw new Error(`flock ${file} ended (${String(code)})`);
  });
  gone.catch(() => {});
  await Promise.race([once(holder.stdout, 'data'), gone]);
  return async () => {
    holder.stdin.end();
    await gone.catch(() => {});
  };
}
