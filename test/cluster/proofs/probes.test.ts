import { expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster } from '../client/cluster.ts';
import { holds, whyPodNotReady } from '../client/conditions.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { pod, server, shell } from './manifests.ts';
import { patiently } from './patiently.ts';
import { selfSigned } from './self-signed.ts';

const https = `require("https").createServer({cert:fs.readFileSync("/tls/crt"),key:fs.readFileSync("/tls/key")},(q,r)=>r.end("x")).listen(8443);`;
/** Answers a health check with SERVING for the service "good" and for the whole, with NOT_SERVING for any other. */
const grpc = `require("http2").createServer().on("stream",(s)=>{const b=[];s.on("data",d=>b.push(d)).on("end",()=>{
  const name=Buffer.concat(b).subarray(7).toString();
  s.respond({":status":200,"content-type":"application/grpc"},{waitForTrailers:true});
  s.on("wantTrailers",()=>s.sendTrailers({"grpc-status":"0"}));
  s.end(Buffer.from([0,0,0,0,2,8,name===""||name==="good"?1:2]))})}).listen(5000);`;
const often = { periodSeconds: 1, timeoutSeconds: 10 };

describeOnCluster('probes of the test cluster', (on) => {
  test('go by HTTPS, gRPC, TCP and commands', async () => {
    const { cluster } = on;
    const { cert, key } = selfSigned();
    await cluster.create({ kind: 'Secret', metadata: { name: 'tls' }, stringData: { crt: cert, key } });
    const container = shell({
      command: ['node', '-e', https + grpc],
      volumeMounts: [{ name: 'tls', mountPath: '/tls' }],
      startupProbe: { httpGet: { port: 8443, scheme: 'HTTPS' }, failureThreshold: 60, ...often },
      readinessProbe: { grpc: { port: 5000, service: 'good' }, ...often },
      livenessProbe: { tcpSocket: { port: 5000 }, ...often },
    });
    const spec = { volumes: [{ name: 'tls', secret: { secretName: 'tls' } }], containers: [container] };
    await cluster.create(pod('good', spec));
    await cluster.ready('Pod', 'good');
    await cluster.create(
      pod('exec', { containers: [shell({ readinessProbe: { exec: { command: ['true'] }, ...often } })] }),
    );
    await cluster.ready('Pod', 'exec');
  });

  test('that fail keep a pod from being ready, and say why', async () => {
    const { cluster } = on;
    const container = shell({
      command: ['node', '-e', grpc],
      readinessProbe: { grpc: { port: 5000, service: 'bad' }, ...often },
    });
    await cluster.create(pod('bad', { containers: [container] }));
    await fails(cluster, 'bad', 'Readiness probe failed: not SERVING');
    const command = ['sh', '-c', 'echo no; exit 4'];
    await cluster.create(pod('no', { containers: [shell({ readinessProbe: { exec: { command }, ...often } })] }));
    await fails(cluster, 'no', 'Readiness probe failed: exit 4: no');
    const readinessProbe = { tcpSocket: { port: 8080 }, ...often };
    // As on a real node: a probe comes from outside the pod.
    const local = { env: [{ name: 'ADDRESS', value: '127.0.0.1' }], readinessProbe };
    await cluster.create(pod('local', { containers: [server(local)] }));
    await fails(cluster, 'local', 'Readiness probe failed: connect ECONNREFUSED');
  });

  test('wait behind the gates of a pod', async () => {
    const { cluster } = on;
    const type = 'sonixy.test/go';
    await cluster.create(pod('gated', { readinessGates: [{ conditionType: type }], containers: [shell()] }));
    const closed = await cluster.becomes<PodObject>('Pod', 'gated', ({ status: { conditions } }) =>
      holds(conditions, 'ContainersReady') ? undefined : 'its containers are not ready',
    );
    expect(whyPodNotReady(closed)).toContain('ReadinessGatesNotReady');
    const path = `${await cluster.path('Pod', 'gated')}/status`;
    await cluster.kube.patch(path, { status: { conditions: [{ type, status: 'True' }] } });
    await cluster.ready('Pod', 'gated');
  });

  test('find two servers on one port of 127.0.0.1, each in its pod', async () => {
    const { cluster } = on;
    const local = { env: [{ name: 'ADDRESS', value: '127.0.0.1' }] };
    const readinessProbe = {
      exec: { command: ['curl', '-s', 'http://127.0.0.1:8080/'] },
      failureThreshold: 60,
      ...often,
    };
    for (const name of ['twin-a', 'twin-b']) {
      await cluster.create(pod(name, { containers: [server({ ...local, readinessProbe })] }));
    }
    for (const name of ['twin-a', 'twin-b']) {
      await cluster.ready('Pod', name);
      expect((await cluster.exec(name, 'curl -s http://127.0.0.1:8080/')).out).toBe(name);
    }
  });
});

type Event = { metadata: { name: string }; message: string; involvedObject: { name: string } };

async function fails(cluster: Cluster, name: string, message: string): Promise<void> {
  await cluster.becomes<PodObject>('Pod', name, ({ status }) =>
    status.phase === 'Running' ? undefined : `it is ${status.phase}`,
  );
  await patiently(async () => {
    const events = (await cluster.list<Event>('Event')).filter(({ involvedObject }) => involvedObject.name === name);
    return events.some((event) => event.message.startsWith(message)) ? undefined : events.map((e) => e.message).join();
  });
  expect(holds((await cluster.get<PodObject>('Pod', name)).status.conditions, 'Ready')).toBe(false);
}
