import { request as http } from 'node:http';
import { request as https } from 'node:https';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerSpec, Handler } from '../api/pod-spec.ts';
import { checkGrpcHealth } from './grpc-health.ts';
import { runCommand } from './run-command.ts';

export type Target = {
  readonly spec: ContainerSpec;
  readonly ip: string;
  enter(command: readonly string[]): string[];
};

/**
 * One try of a probe or lifecycle handler; rejects with what went wrong. From the node to the pod's address, as a
 * kubelet does it: a server on 127.0.0.1 alone fails.
 */
export async function attempt(handler: Handler, target: Target, timeoutMs: number): Promise<void> {
  const { exec, httpGet, tcpSocket, grpc, sleep: pause } = handler;
  if (exec) {
    const { code, out, err } = await runCommand(target.enter(exec.command), { timeoutMs, cwd: '/' });
    if (code !== 0) throw new Error(`exit ${code}: ${(out + err).slice(0, 500)}`);
  } else if (httpGet) await getOverHttp(httpGet, target, timeoutMs);
  else if (tcpSocket) {
    const port = portOf(tcpSocket.port, target.spec);
    await within(timeoutMs, (done) => connect({ port, host: tcpSocket.host ?? target.ip }, () => done()));
  } else if (grpc)
    await within(timeoutMs, (done) => checkGrpcHealth(`http://${target.ip}:${grpc.port}`, grpc.service, done));
  else if (pause) await sleep(pause.seconds * 1000);
}

function getOverHttp(get: NonNullable<Handler['httpGet']>, { spec, ip }: Target, timeoutMs: number): Promise<void> {
  const { path = '/', scheme = 'HTTP', host = ip, httpHeaders = [] } = get;
  const own = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]));
  const options = {
    host,
    port: portOf(get.port, spec),
    path,
    agent: false,
    rejectUnauthorized: false,
    headers: { 'user-agent': 'kube-probe/1.36', accept: '*/*', ...own },
  };
  return within(timeoutMs, (done) =>
    (scheme === 'HTTPS' ? https : http)(options, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      done(status >= 200 && status < 400 ? undefined : new Error(`HTTP ${status}`));
    }).end(),
  );
}

type Attempted = { on(event: 'error', listener: (error: Error) => void): unknown; destroy(): unknown };

function within(timeoutMs: number, start: (done: (error?: Error) => void) => Attempted): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer);
      if (error === undefined) resolve();
      else reject(error);
      attempted.destroy();
    };
    const timer = setTimeout(() => end(new Error('timed out')), timeoutMs);
    const attempted = start(end);
    attempted.on('error', end);
  });
}

function portOf(port: number | string, { ports = [] }: ContainerSpec): number {
  const number = typeof port === 'number' ? port : ports.find(({ name }) => name === port)?.containerPort;
  if (number === undefined) throw new Error(`no port ${port}`);
  return number;
}
