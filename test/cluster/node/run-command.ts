import { spawn } from 'node:child_process';

/** `code` is 137 after a signal, 127 when there is no such command. */
export type Outcome = { code: number; out: string; err: string };

/** Runs a command to its end. It never blocks: the node serves all pods meanwhile. */
export function runCommand(
  argv: readonly string[],
  { input = '', timeoutMs, cwd }: { input?: string; timeoutMs?: number; cwd?: string } = {},
): Promise<Outcome> {
  const [command = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...(cwd !== undefined && { cwd }), stdio: 'pipe' });
    let out = '';
    let err = '';
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            err += 'timed out';
            child.kill('SIGKILL');
            // A grandchild may hold them open.
            child.stdout.destroy();
            child.stderr.destroy();
          }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', (error) => resolve({ code: 127, out, err: error.message }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: signal === null ? (code ?? 1) : 137, out, err });
    });
    child.stdin.on('error', () => {}).end(input);
  });
}

/** Its stdout; rejects when it fails. */
export async function mustRun(argv: readonly string[], input?: string): Promise<string> {
  const { code, out, err } = await runCommand(argv, input === undefined ? {} : { input });
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${err || code}`);
  return out;
}
