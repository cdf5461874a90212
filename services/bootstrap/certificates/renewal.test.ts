import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  isRenewalDue,
  type Marks,
  marksAfter,
  renewalOf,
  type StoreCertificate,
  trustedOf,
  whyIssue,
} from './renewal.ts';
import { issueAuthority, issueServer } from './x509-issuer.ts';

const minute = 60_000;
const now = Date.UTC(2026, 10, 1);
const settleMs = 10 * minute;
const names = ['redis', 'localhost'];

let old: Authority;
let present: Authority;

type Authority = {
  readonly certificate: X509Certificate;
  issue(lifetimeMs: number, at?: number): Promise<X509Certificate>;
};

async function newAuthority(): Promise<Authority> {
  const pair = await issueAuthority({ now, lifetimeMs: 100 * settleMs });
  return {
    certificate: new X509Certificate(pair.certificate),
    issue: async (lifetimeMs, at = now) =>
      new X509Certificate((await issueServer(pair, names, { now: at, lifetimeMs })).certificate),
  };
}

beforeAll(async () => {
  old = await newAuthority();
  present = await newAuthority();
});

test('renewal is due at two thirds of a life, not before', async () => {
  const certificate = await present.issue(90 * minute);
  const from = certificate.validFromDate.getTime();
  const life = certificate.validToDate.getTime() - from;
  expect(isRenewalDue(certificate, from + (life * 2) / 3 - 1)).toBe(false);
  expect(isRenewalDue(certificate, from + (life * 2) / 3)).toBe(true);
});

describe('an authority that replaces another', () => {
  const never: Marks = { trustedSince: undefined, issuedSince: undefined, nextTrustedSince: undefined };
  const renewalAt = (marks: Marks, stores: StoreCertificate[], at = now) =>
    renewalOf({ authority: present.certificate, next: undefined, marks, stores, now: at, settleMs });

  test('signs once every store has been trusting it for the settling time', async () => {
    const certificate = await old.issue(90 * minute);
    const both = { certificate, trusted: [present.certificate, old.certificate] };
    const oldOnly = { certificate, trusted: [old.certificate] };
    const since = (trustedSince: number): Marks => ({ ...never, trustedSince });
    expect(renewalAt(since(now - settleMs), [both, both]).mayChangeIssuer).toBe(true);
    expect(renewalAt(since(now - settleMs + 1), [both, both]).mayChangeIssuer).toBe(false);
    expect(renewalAt(since(now - settleMs), [both, oldOnly]).mayChangeIssuer).toBe(false);
    expect(renewalAt(never, [both, both]).mayChangeIssuer).toBe(false);
  });

  test('is alone once every store has been serving by it for the settling time', async () => {
    const trusted = [present.certificate, old.certificate];
    const [changed, waits] = [
      { certificate: await present.issue(90 * minute), trusted },
      { certificate: await old.issue(90 * minute), trusted },
    ];
    const since = (issuedSince: number): Marks => ({ ...never, trustedSince: now - 9 * settleMs, issuedSince });
    expect(renewalAt(since(now - settleMs), [changed, changed]).mayDropOthers).toBe(true);
    expect(renewalAt(since(now - settleMs + 1), [changed, changed]).mayDropOthers).toBe(false);
    expect(renewalAt(since(now - settleMs), [changed, waits]).mayDropOthers).toBe(false);
  });

  test('is trusted beside the one before until that may be dropped or has ended', () => {
    const input = { authority: present.certificate, next: undefined, now };
    const [may, mayNot] = [true, false].map((mayDropOthers) => ({ mayChangeIssuer: true, mayDropOthers }));
    const trusted = [old.certificate];
    if (!may || !mayNot) throw new Error('both are there');
    expect(trustedOf({ trusted }, mayNot, input)).toEqual([present.certificate, old.certificate]);
    expect(trustedOf({ trusted }, may, input)).toEqual([present.certificate]);
    const withNext = { ...input, next: old.certificate };
    expect(trustedOf({ trusted: [] }, may, withNext)).toEqual([present.certificate, old.certificate]);
    const ended = { ...input, now: old.certificate.validToDate.getTime() };
    expect(trustedOf({ trusted }, mayNot, ended)).toEqual([present.certificate]);
  });

  test('is marked from when something became so, for as long as it stays so', async () => {
    const input = { authority: present.certificate, next: undefined, now };
    const before = { certificate: await old.issue(90 * minute), trusted: [old.certificate] };
    const trusting = { ...before, trusted: [present.certificate, old.certificate] };
    const serving = { ...trusting, certificate: await present.issue(90 * minute) };
    const earlier = { ...never, trustedSince: now - minute, issuedSince: now - minute };
    const marks = (was: Marks, from: StoreCertificate, to: StoreCertificate) =>
      marksAfter({ ...input, marks: was }, [from], [to]);
    expect(marks(never, before, before)).toEqual(never);
    expect(marks(never, before, trusting)).toEqual({ ...never, trustedSince: now });
    expect(marks(earlier, trusting, trusting)).toEqual({ ...earlier, issuedSince: undefined });
    expect(marks(earlier, trusting, serving)).toEqual({ ...earlier, issuedSince: now });
    expect(marks(earlier, serving, serving)).toEqual(earlier);
    // Somebody put an older state back.
    expect(marks(earlier, before, trusting)).toEqual({ ...never, trustedSince: now });
  });
});

describe('a store gets another certificate', () => {
  const may = { mayChangeIssuer: true, mayDropOthers: false };
  const mayNot = { mayChangeIssuer: false, mayDropOthers: false };
  const why = (certificate: X509Certificate | undefined, renewal = mayNot, wanted = names, at = now) =>
    whyIssue({ certificate, trusted: [] }, wanted, renewal, { authority: present.certificate, now: at, settleMs });

  test('when two thirds of its life are over, of the same authority without waiting', async () => {
    const certificate = await present.issue(90 * minute);
    expect(why(certificate)).toBeUndefined();
    expect(why(certificate, mayNot, names, now + 61 * minute)).toBe('two thirds of its life are over');
  });

  test('when it lacks a name that the store is connected to by', async () => {
    const certificate = await present.issue(90 * minute);
    expect(why(certificate, mayNot, ['redis'])).toBeUndefined();
    expect(why(certificate, mayNot, [...names, 'redis.other'])).toBe('it lacks a name');
  });

  test('of another authority only when that may sign, unless the old one is about to end', async () => {
    const certificate = await old.issue(90 * minute);
    expect(why(certificate, mayNot)).toBeUndefined();
    expect(why(certificate, may)).toBe('its authority has been replaced');
    expect(why(certificate, mayNot, names, now + 79 * minute)).toBeUndefined();
    expect(why(certificate, mayNot, names, now + 80 * minute)).toBe('it is about to end');
  });

  test('when it has none that its key fits', () => {
    expect(why(undefined)).toBe('it has none that its key fits');
  });
});
