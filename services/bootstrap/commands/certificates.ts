import { Kube } from '#shared/kubernetes/kube.ts';
import { untilAnswered } from '#shared/kubernetes/until-answered.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { ensureCertificates } from '../certificates/ensure-certificates.ts';
import { readCertificatesConfig } from '../config.ts';
import type { Command } from './command.ts';

/** Makes authority and certificates where they are missing, and renews them where that is due: one step a run. */
export const certificates: Command = async ({ env, log, signal }) => {
  const { access, namespace, waitMs, servers, lifetimes } = readCertificatesConfig(env);
  const kube = new Kube(access, namespace);
  await untilAnswered(() => ensureCertificates({ kube, servers, lifetimes, clock, log }), { waitMs, log, signal });
};
