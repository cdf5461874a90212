// A whole cluster in the namespaces that it was started in: `main.ts FOLDER`, see start-cluster.ts. It writes READY when
// everything serves, and ends with its process.
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { setUpNetwork } from '../node/network.ts';
import { mustRun } from '../node/run-command.ts';
import { type ClusterPlan, fileNames } from '../settings.ts';
import { serveTunnel } from './tunnel-server.ts';

const [folder = ''] = process.argv.slice(2);
const start = Date.now();
const log = (line: string) => process.stdout.write(`${((Date.now() - start) / 1000).toFixed(1)} s ${line}\n`);

const plan = JSON.parse(readFileSync(join(folder, fileNames.plan), 'utf8')) as ClusterPlan;
const runFolder = join(folder, 'run');
mkdirSync(runFolder);
// The pods' users pass here.
chmodSync(folder, 0o755);
await mustRun(['mount', '-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', runFolder]);
await setUpNetwork();
const kubelet = await startControlPlane({ folder, runFolder, plan, log });
await serveTunnel(join(folder, fileNames.tunnel), kubelet);
process.stdout.write('READY\n');
