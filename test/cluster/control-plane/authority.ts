import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of PEM files. */
export type Certificate = { cert: string; key: string };

export type Authority = {
  /** The path of its own certificate. */
  readonly ca: string;
  /** `alternatives`: as openssl has it, `IP:127.0.0.1`, `DNS:localhost`. */
  issue(commonName: string, file: string, alternatives?: readonly string[]): Promise<Certificate>;
};

/** A certificate authority by the openssl command, 3.0 or later. */
export async function createAuthority(folder: string, name: string): Promise<Authority> {
  const request = (commonName: string, file: string, more: readonly string[]) =>
    run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '365'],
      ...['-subj', `/CN=${commonName}`, '-keyout', join(folder, `${file}.key`), '-out', join(folder, `${file}.crt`)],
      ...more,
    ]);
  const ca = join(folder, `${name}.crt`);
  await request(name, name, ['-addext', 'keyUsage=critical,digitalSignature,keyCertSign']);
  return {
    ca,
    async issue(commonName, file, alternatives = []) {
      await request(commonName, file, [
        ...['-CA', ca, '-CAkey', join(folder, `${name}.key`)],
        ...['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'extendedKeyUsage=serverAuth,clientAuth'],
        ...(alternatives.length > 0 ? ['-addext', `subjectAltName=${alternatives.join(',')}`] : []),
      ]);
      return { cert: join(folder, `${file}.crt`), key: join(folder, `${file}.key`) };
    },
  };
}
