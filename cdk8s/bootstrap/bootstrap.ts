import { Construct } from 'constructs';
import type { PlatformProps } from '../platform-props.ts';
import { ApiAccess } from './api-access.ts';
import { BootstrapJob, usesInternalAuthority } from './bootstrap-job.ts';
import { CertManagerCertificates } from './cert-manager.ts';
import { CertificatesCronJob } from './certificates-cron-job.ts';
import { certificateRules, createSecrets, secretRules } from './rules.ts';

/** All that is made at install and kept fresh without an operator: Secrets and certificates. */
export class Bootstrap extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'bootstrap');
    const isInternal = usesInternalAuthority(platform);
    const ofCertificates = isInternal ? certificateRules() : [];
    new ApiAccess(this, 'bootstrap', platform, [createSecrets, ...secretRules(), ...ofCertificates]);
    new BootstrapJob(this, platform);
    if (isInternal) {
      new ApiAccess(this, 'certificates', platform, [createSecrets, ...ofCertificates]);
      new CertificatesCronJob(this, platform);
    }
    if (platform.tls === 'cert-manager') new CertManagerCertificates(this, platform);
  }
}
