import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateKeys } from '#shared/contract/secrets.ts';
import { writePrivate } from '#shared/runtime/write-private.ts';
import type { TlsFiles } from '../config.ts';
import { Problem } from '../problem.ts';

/** The certificate of this pod's mongod: mounted from a Secret, and written in the form that mongod reads. */
export class ServedCertificate {
  readonly #files: TlsFiles;
  #version = '';
  #validTo = new Date(0);

  private constructor(files: TlsFiles) {
    this.#files = files;
  }

  /** @throws Problem when the Secret holds no pair */
  static async write(files: TlsFiles): Promise<ServedCertificate> {
    const certificate = new ServedCertificate(files);
    await certificate.refresh();
    return certificate;
  }

  /** Another one after each change of any of the files. */
  get version(): string {
    return this.#version;
  }

  get validTo(): Date {
    return this.#validTo;
  }

  /** Reads the mounted files, and writes mongod's when they changed. @throws Problem when they do not belong together */
  async refresh(): Promise<void> {
    const [certificate, privateKey, trusted] = await Promise.all([
      this.#read(certificateKeys.certificate),
      this.#read(certificateKeys.privateKey),
      this.#read(certificateKeys.trusted),
    ]);
    const version = createHash('sha256')
      .update(JSON.stringify([certificate, privateKey, trusted]))
      .digest('hex');
    if (version === this.#version) return;
    // Files of a mounted Secret change together, but not between two reads.
    const leaf = pairOf(certificate, privateKey);
    await writePrivate(this.#files.pemFile, `${certificate.trim()}\n${privateKey.trim()}\n`);
    this.#version = version;
    this.#validTo = leaf.validToDate;
  }

  async #read(key: string): Promise<string> {
    return readFile(join(this.#files.folder, key), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Problem(`the Secret with the certificate lacks ${key} (${error.code ?? 'unreadable'})`);
    });
  }
}

function pairOf(certificate: string, privateKey: string): X509Certificate {
  try {
    const leaf = new X509Certificate(certificate);
    if (leaf.checkPrivateKey(createPrivateKey(privateKey))) return leaf;
  } catch {
    // What OpenSSL says of a key goes nowhere.
  }
  throw new Problem('the Secret with the certificate holds no certificate with its key');
}
