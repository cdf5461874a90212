import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** The stdout of kubectl, which talks to the cluster of KUBECONFIG. Rejects with what it said when it failed. */
export async function kubectl(args: readonly string[], { input = '' }: { input?: string } = {}): Promise<string> {
  const child = spawn('kubectl', args, { stdio: 'pipe' });
  child.stdin.end(input);
  const [out, problem, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${problem.trim()}`);
  return out;
}

/** What `kubectl get` gives, parsed. */
export async function getJson<T>(...args: readonly string[]): Promise<T> {
  return JSON.parse(await kubectl(['get', ...args, '--output=json'])) as T;
}

/** Makes the object what it says, whoever made it first. */
export async function applyObject(object: object): Promise<void> {
  await kubectl(['apply', '--server-side', '--force-conflicts', '--filename=-'], { input: JSON.stringify(object) });
}
