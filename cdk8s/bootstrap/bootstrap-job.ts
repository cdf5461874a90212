import { Construct } from 'constructs';
import type { PlatformProps } from '../platform-props.ts';
import { ownStores } from '../stores/external-store.ts';
import { certificatesCommand, secretsCommand } from './commands.ts';
import { oneShotPod } from './one-shot.ts';
import { ReleaseJob } from './release-job.ts';

const component = 'bootstrap';

/** Makes Secrets and first certificates where they are missing. Safe to run at each install and upgrade. */
export class BootstrapJob extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'job');
    const commands = [secretsCommand(), ...(usesInternalAuthority(platform) ? [certificatesCommand(platform)] : [])];
    new ReleaseJob(this, component, oneShotPod(platform, component, commands));
  }
}

/** Also where TLS is on, nothing is signed when all stores are external. */
export function usesInternalAuthority(platform: PlatformProps): boolean {
  const { tls = 'internal' } = platform;
  return tls === 'internal' && ownStores(platform).length > 0;
}
