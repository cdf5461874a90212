import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { authoritySecret, certificateSecrets } from '#shared/contract/secrets.ts';
import { labelsOf, partOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { certificateNames } from '../stores/certificate-names.ts';
import { ownStores } from '../stores/external-store.ts';

const apiVersion = 'cert-manager.io/v1';
const privateKey = { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' };
const labels = { 'app.kubernetes.io/part-of': partOf };
const selfSigned = 'sonixy-self-signed';

/**
 * The same Secrets as the internal authority's, made by cert-manager from an authority of this namespace.
 *
 * cert-manager does not give out an authority's successor before it signs: the authority lasts ten years.
 */
export class CertManagerCertificates extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'cert-manager');
    const { authoritySeconds = 10 * 365 * 86_400, certificateSeconds = 90 * 86_400 } = platform.certificates ?? {};
    this.#add('Issuer', selfSigned, { selfSigned: {} });
    this.#add('Certificate', authoritySecret, {
      secretName: authoritySecret,
      isCA: true,
      commonName: authoritySecret,
      ...lifetime(authoritySeconds),
      privateKey,
      issuerRef: issuer(selfSigned),
    });
    this.#add('Issuer', authoritySecret, { ca: { secretName: authoritySecret } });
    for (const store of ownStores(platform)) {
      this.#add(
        'Certificate',
        store,
        {
          secretName: certificateSecrets[store],
          dnsNames: certificateNames(store, platform),
          // Members of a MongoDB replica set are each other's clients, by the same certificate.
          usages: ['digital signature', 'server auth', 'client auth'],
          ...lifetime(certificateSeconds),
          privateKey,
          issuerRef: issuer(authoritySecret),
        },
        labelsOf(store),
      );
    }
  }

  #add(
    kind: 'Issuer' | 'Certificate',
    name: string,
    spec: object,
    its: Readonly<Record<string, string>> = labels,
  ): void {
    new ApiObject(this, `${kind}-${name}`, { apiVersion, kind, metadata: { name, labels: { ...its } }, spec });
  }
}

function issuer(name: string) {
  return { name, kind: 'Issuer', group: 'cert-manager.io' };
}

/** As Go writes durations, which is how the server gives them back. */
function lifetime(seconds: number) {
  const go = (total: number) => `${Math.floor(total / 3_600)}h${Math.floor((total % 3_600) / 60)}m${total % 60}s`;
  return { duration: go(seconds), renewBefore: go(Math.floor(seconds / 3)) };
}
