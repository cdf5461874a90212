import type { X509Certificate } from 'node:crypto';
import { dnsNamesOf, isSame, isSignedBy } from './pem.ts';

/** What lies in a store's Secret. */
export type StoreCertificate = {
  /** undefined: none that its key fits. */
  readonly certificate: X509Certificate | undefined;
  readonly trusted: readonly X509Certificate[];
};

/** Since when, in milliseconds since 1970; undefined: not so. */
export type Marks = {
  /** Whoever connects to a store trusts the present authority. */
  readonly trustedSince: number | undefined;
  /** All stores have certificates of it. */
  readonly issuedSince: number | undefined;
  /** Whoever connects to a store trusts the one that comes next. */
  readonly nextTrustedSince: number | undefined;
};

export type RenewalInput = {
  readonly authority: X509Certificate;
  /** Is to follow it, and does not sign yet. */
  readonly next: X509Certificate | undefined;
  readonly marks: Marks;
  /** Of each store that has a Secret. */
  readonly stores: readonly StoreCertificate[];
  readonly now: number;
  /** Within which a change of a Secret has reached everybody who mounts it. */
  readonly settleMs: number;
};

/** What may be done now. */
export type Renewal = {
  /** Whether stores may be given certificates of an authority that they have none of yet. */
  readonly mayChangeIssuer: boolean;
  /** Whether nobody needs the authorities before this one any more. */
  readonly mayDropOthers: boolean;
};

/** At two thirds of its life: a third is left to find out that it was not done. */
export function isRenewalDue({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  const from = validFromDate.getTime();
  return now >= from + ((validToDate.getTime() - from) * 2) / 3;
}

/**
 * A new authority comes in three steps: it is trusted beside the present one, for as long as others need to take a copy; it
 * signs; the old one is dropped. This is about the last two, or about one that had to replace a lost one at once.
 */
export function renewalOf({ authority, marks, stores, now, settleMs }: RenewalInput): Renewal {
  const isOver = (since: number | undefined) => since !== undefined && now - since >= settleMs;
  return {
    mayChangeIssuer: stores.every((it) => isTrusted(it, authority)) && isOver(marks.trustedSince),
    mayDropOthers: stores.every((it) => isIssued(it, authority)) && isOver(marks.issuedSince),
  };
}

/** The marks once `before` has become `after`. */
export function marksAfter(
  { authority, next, marks, now }: Pick<RenewalInput, 'authority' | 'next' | 'marks' | 'now'>,
  before: readonly StoreCertificate[],
  after: readonly StoreCertificate[],
): Marks {
  const since = (mark: number | undefined, holds: (it: StoreCertificate) => boolean) =>
    after.every(holds) ? ((before.every(holds) ? mark : undefined) ?? now) : undefined;
  return {
    trustedSince: since(marks.trustedSince, (it) => isTrusted(it, authority)),
    issuedSince: since(marks.issuedSince, (it) => isIssued(it, authority)),
    nextTrustedSince: next && since(marks.nextTrustedSince, (it) => isTrusted(it, next)),
  };
}

/** Why the store needs another certificate now; undefined: it does not, or must wait. */
export function whyIssue(
  store: StoreCertificate,
  names: readonly string[],
  { mayChangeIssuer }: Renewal,
  { authority, now, settleMs }: Pick<RenewalInput, 'authority' | 'now' | 'settleMs'>,
): string | undefined {
  const { certificate } = store;
  if (!certificate) return 'it has none that its key fits';
  if (certificate.validToDate.getTime() <= now + settleMs && isRenewalDue(certificate, now))
    return 'it is about to end';
  const isOther = !isSignedBy(certificate, authority);
  if (isOther && !mayChangeIssuer) return undefined;
  if (isOther) return 'its authority has been replaced';
  if (isRenewalDue(certificate, now)) return 'two thirds of its life are over';
  const had = dnsNamesOf(certificate);
  return names.every((name) => had.includes(name)) ? undefined : 'it lacks a name';
}

/** The present authority first, the next one, then older ones that somebody may still need. */
export function trustedOf(
  { trusted }: Pick<StoreCertificate, 'trusted'>,
  { mayDropOthers }: Renewal,
  { authority, next, now }: Pick<RenewalInput, 'authority' | 'next' | 'now'>,
): X509Certificate[] {
  const ours = next ? [authority, next] : [authority];
  const others = trusted.filter((it) => !ours.some((our) => isSame(it, our)) && it.validToDate.getTime() > now);
  return [...ours, ...(mayDropOthers ? [] : others)];
}

function isTrusted({ trusted }: StoreCertificate, authority: X509Certificate): boolean {
  return trusted.some((it) => isSame(it, authority));
}

function isIssued({ certificate }: StoreCertificate, authority: X509Certificate): boolean {
  return certificate !== undefined && isSignedBy(certificate, authority);
}
