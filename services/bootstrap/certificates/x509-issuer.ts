// The library finds its parts by decorators' metadata.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM; the key as PKCS#8. */
export type KeyPair = { readonly certificate: string; readonly privateKey: string };

export type Validity = { readonly now: number; readonly lifetimeMs: number };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate authority that signs servers only, no other authorities. */
export async function issueAuthority(validity: Validity): Promise<KeyPair> {
  const keys = await newKeys();
  const serialNumber = newSerial();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber,
    // A name of its own: with two authorities trusted at a time, some verifiers find the signer by its name alone.
    name: [{ CN: [`sonixy-ca ${serialNumber.slice(0, 12)}`] }],
    ...datesOf(validity),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return toPair(certificate.toString('pem'), keys.privateKey);
}

/** For a server by these DNS names; ends with its authority at the latest. The first name must have at most 64 characters. */
export async function issueServer(
  authority: KeyPair,
  names: readonly string[],
  { now, lifetimeMs }: Validity,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const keys = await newKeys();
  const left = issuer.validToDate.getTime() - now;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [{ CN: [names[0] ?? ''] }],
    issuer: issuerNameOf(issuer),
    ...datesOf({ now, lifetimeMs: Math.min(lifetimeMs, left) }),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey: await signingKeyOf(authority.privateKey),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      // Members of a MongoDB replica set are each other's clients, by the same certificate.
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(await verifyingKeyOf(issuer)),
    ],
  });
  return toPair(certificate.toString('pem'), keys.privateKey);
}

/** Begins a little early: clocks differ. */
function datesOf({ now, lifetimeMs }: Validity): { notBefore: Date; notAfter: Date } {
  const early = Math.min(300_000, lifetimeMs / 10);
  return { notBefore: new Date(now - early), notAfter: new Date(now + lifetimeMs) };
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** Positive, as it must be. */
function newSerial(): string {
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40);
  return serial.toString('hex');
}

async function toPair(certificate: string, privateKey: CryptoKey): Promise<KeyPair> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' });
  return { certificate: `${certificate.trim()}\n`, privateKey: key.toString() };
}

function signingKeyOf(pem: string): Promise<CryptoKey> {
  const der = new Uint8Array(createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }));
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

function verifyingKeyOf({ publicKey }: X509Certificate): Promise<CryptoKey> {
  const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return crypto.subtle.importKey('spki', der, algorithm, true, ['verify']);
}

/** Node writes one attribute a line; our authorities have one. */
function issuerNameOf({ subject }: X509Certificate): string {
  return subject.split('\n').reverse().join(', ');
}
