import { type EnvironmentName, environments } from '../environments/environments.ts';
import { findingsOf } from './findings.ts';
import { kubectlOf, lookAt } from './look.ts';

// make preflight: tells what the cluster that kubectl talks to lacks for an environment. Code 1: it will not run there.
const name = process.argv[2] ?? '';
if (Object.hasOwn(environments, name)) await tell(name as EnvironmentName);
else {
  console.error(`which environment: ${Object.keys(environments).join(', ')}`);
  process.exitCode = 78;
}

async function tell(environment: EnvironmentName): Promise<void> {
  const platform = environments[environment];
  try {
    const facts = await lookAt(kubectlOf('kubectl', process.argv.slice(3)), platform);
    const findings = findingsOf(facts, platform);
    for (const { level, what, todo } of findings) console.log(`${level}: ${what}\n  ${todo}`);
    const errors = findings.filter(({ level }) => level === 'error').length;
    console.log(`Kubernetes ${facts.version}: ${errors} to mend, ${findings.length - errors} to know`);
    process.exitCode = errors > 0 ? 1 : 0;
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
