import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Clock, Timer } from './clock.ts';
import type { EnvReader } from './config.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import { StartError } from './start-error.ts';

/** A folder of PEM files `*.crt` of authorities that are trusted beside the public ones. */
export type TrustSetting = 'TRUSTED_CA_DIR';

export function readTrustedCaDir(reader: EnvReader<TrustSetting>): string | undefined {
  return reader.optionalText('TRUSTED_CA_DIR');
}

export type TrustOptions = {
  /** undefined: the public ones only. */
  readonly folder: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** @default 10,000 */
  readonly everyMs?: number;
};

type TrustedFile = { readonly file: string; readonly certificates: readonly X509Certificate[] };

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * New connections of this process, by whatever library, trust what lies in `folder`, and what will lie there: it is read
 * again at intervals. What can not be read leaves what was trusted. Disposal only ends the reading.
 *
 * @throws StartError when there is no certificate in it
 */
export function trustCertificates({ folder, clock, log, metrics, everyMs = 10_000 }: TrustOptions): Disposable {
  if (folder === undefined) return { [Symbol.dispose]() {} };
  const expiry = metrics.gauge(
    'trusted_certificate_expires_timestamp_seconds',
    'End of the last to end of the authorities in a file of TRUSTED_CA_DIR, seconds since 1970',
    ['file'],
  );
  const trust = trustIn(folder);
  const note = (files: readonly TrustedFile[]) => {
    expiry.reset();
    for (const { file, certificates } of files) expiry.set({ file }, endOf(certificates));
  };
  note(trust.now());
  let timer: Timer;
  const readAgain = () => {
    try {
      const changed = trust.ifChanged();
      if (changed) {
        note(changed);
        log.info({ files: changed.map(({ file }) => file) }, 'trusted authorities changed');
      }
    } catch (err) {
      log.error({ err }, 'trusted authorities can not be read: those of before stay');
    }
    timer = clock.after(everyMs, readAgain);
  };
  timer = clock.after(everyMs, readAgain);
  return { [Symbol.dispose]: () => timer.cancel() };
}

/** For programs that end soon. @throws StartError when there is no certificate in it */
export function trustCertificatesOnce(folder: string | undefined): void {
  if (folder !== undefined) trustIn(folder).now();
}

function trustIn(folder: string) {
  const others = getCACertificates('default');
  let trusted = '';
  const trust = (): TrustedFile[] | undefined => {
    const files = readFiles(folder);
    const certificates = files.flatMap((it) => it.certificates).map((it) => it.toString());
    if (certificates.join() === trusted) return undefined;
    setDefaultCACertificates([...others, ...certificates]);
    trusted = certificates.join();
    return files;
  };
  return { now: () => trust() ?? [], ifChanged: trust };
}

function readFiles(folder: string): TrustedFile[] {
  let names: string[];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.crt'));
  } catch (cause) {
    throw new StartError(`TRUSTED_CA_DIR: can't read ${folder}: ${(cause as Error).message}`, { cause });
  }
  const files = names.sort().map((file) => ({ file, certificates: readFile(join(folder, file)) }));
  if (files.length === 0) throw new StartError(`TRUSTED_CA_DIR: there is no *.crt in ${folder}`);
  return files;
}

function readFile(path: string): X509Certificate[] {
  try {
    const certificates = (readFileSync(path, 'utf8').match(block) ?? []).map((pem) => new X509Certificate(pem));
    if (certificates.length > 0) return certificates;
  } catch (cause) {
    throw new StartError(`TRUSTED_CA_DIR: can't read ${path}: ${(cause as Error).message}`, { cause });
  }
  throw new StartError(`TRUSTED_CA_DIR: there is no certificate in ${path}`);
}

function endOf(certificates: readonly X509Certificate[]): number {
  return Math.max(...certificates.map(({ validToDate }) => validToDate.getTime())) / 1_000;
}
