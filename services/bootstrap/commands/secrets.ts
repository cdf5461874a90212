import { Kube } from '#shared/kubernetes/kube.ts';
import { untilAnswered } from '#shared/kubernetes/until-answered.ts';
import { StartError } from '#shared/runtime/start-error.ts';
import { readSecretsConfig } from '../config.ts';
import { ensureSecrets } from '../secrets/ensure-secrets.ts';
import type { Command } from './command.ts';

/** Makes the Secrets of the namespace that are missing. */
export const secrets: Command = async ({ env, log, signal }) => {
  const { access, namespace, waitMs, stores } = readSecretsConfig(env);
  const kube = new Kube(access, namespace);
  const problems = await untilAnswered(() => ensureSecrets({ kube, stores, log }), { waitMs, log, signal });
  if (problems.length > 0) throw new StartError(problems.join('\n'));
};
