import { WebSocket } from 'ws';
import type { Access } from '../api/kube.ts';
import { CHANNEL, EXEC_PROTOCOL } from '../node/exec-socket.ts';
import type { Outcome } from '../node/run-command.ts';

export type ExecTarget = { namespace: string; pod: string; container?: string };

/** As `kubectl exec -i`, on any cluster: rejects when the command could not be started. */
export function execInPod(
  { url, ca, token }: Access,
  { namespace, pod, container }: ExecTarget,
  command: readonly string[],
  input = '',
): Promise<Outcome> {
  const query = new URLSearchParams({ stdin: 'true', stdout: 'true', stderr: 'true' });
  if (container !== undefined) query.set('container', container);
  for (const word of command) query.append('command', word);
  const target = `${url.replace(/^http/, 'ws')}/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`;
  const socket = new WebSocket(target, [EXEC_PROTOCOL], { ca, headers: { authorization: `Bearer ${token}` } });
  return new Promise((resolve, reject) => {
    const streams = new Map<number | undefined, Buffer[]>();
    const read = (channel: number) => Buffer.concat(streams.get(channel) ?? []).toString();
    socket.on('open', () => {
      socket.send(Buffer.concat([Buffer.from([CHANNEL.stdin]), Buffer.from(input)]));
      socket.send(Buffer.from([CHANNEL.close, CHANNEL.stdin]));
    });
    socket.on('message', (message) => {
      const data = message as Buffer;
      streams.set(data[0], [...(streams.get(data[0]) ?? []), data.subarray(1)]);
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const outcome = read(CHANNEL.outcome);
      if (outcome === '') reject(new Error(`exec in ${namespace}/${pod} ended without an outcome`));
      else resolve({ code: exitCode(outcome), out: read(CHANNEL.stdout), err: read(CHANNEL.stderr) });
    });
  });
}

function exitCode(outcome: string): number {
  type Status = { status: string; message?: string; details?: { causes?: { reason: string; message: string }[] } };
  const { status, message, details } = JSON.parse(outcome) as Status;
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code === undefined) throw new Error(message ?? outcome);
  return Number(code);
}
