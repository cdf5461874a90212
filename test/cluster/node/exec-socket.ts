import { spawn } from 'node:child_process';
import type { WebSocket } from 'ws';

export const EXEC_PROTOCOL = 'v5.channel.k8s.io';
/** The first byte of a message; CLOSE is followed by the channel that has ended. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, outcome: 3, close: 255 } as const;
const NORMAL_CLOSURE = 1000;

/** Runs a command whose streams are channels of a WebSocket, as `kubectl exec` speaks it. */
export function execOver(client: WebSocket, [command = '', ...args]: readonly string[], stdin: boolean): void {
  const child = spawn(command, args, { stdio: 'pipe', cwd: '/' });
  const send = (channel: number, data: Buffer | string) =>
    client.send(Buffer.concat([Buffer.from([channel]), Buffer.from(data)]));
  child.stdin.on('error', () => {});
  child.stdout.on('data', (data: Buffer) => send(CHANNEL.stdout, data));
  child.stderr.on('data', (data: Buffer) => send(CHANNEL.stderr, data));
  child.on('close', (code, signal) => {
    send(CHANNEL.outcome, JSON.stringify(outcome(signal === null ? (code ?? 1) : 137)));
    client.close(NORMAL_CLOSURE);
  });
  child.on('error', () => {});
  if (!stdin) child.stdin.end();
  client.on('message', (message) => {
    const data = message as Buffer;
    if (data[0] === CHANNEL.stdin) child.stdin.write(data.subarray(1));
    else if (data[0] === CHANNEL.close && data[1] === CHANNEL.stdin) child.stdin.end();
  });
  client.on('close', () => child.kill());
  client.on('error', () => child.kill());
}

function outcome(exit: number) {
  if (exit === 0) return { status: 'Success' };
  return {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with exit code ${exit}`,
    details: { causes: [{ reason: 'ExitCode', message: String(exit) }] },
  };
}
