import { expect, it } from 'vitest';
import { production } from '../environments/production.ts';
import { renderPlatform } from '../synth/render.ts';

type Deployment = {
  spec: {
    minReadySeconds: number;
    template: {
      spec: {
        terminationGracePeriodSeconds: number;
        containers: readonly { env: readonly { name: string; value?: string }[] }[];
      };
    };
  };
};

function drainOf(drainSeconds: number | undefined) {
  const hub = { ...production.hub, ...(drainSeconds === undefined ? {} : { drainSeconds }) };
  const { platform } = renderPlatform({ ...production, hub });
  const found = platform.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'hub');
  const { minReadySeconds, template } = (found as unknown as Deployment).spec;
  const variable = (name: string) =>
    Number(template.spec.containers[0]?.env.find((each) => each.name === name)?.value ?? 0);
  return {
    windowMs: variable('HUB_DRAIN_WINDOW_MS'),
    shutdown: variable('SHUTDOWN_TIMEOUT'),
    grace: template.spec.terminationGracePeriodSeconds,
    next: minReadySeconds,
  };
}

it.each([
  [undefined, { windowMs: 30_000, shutdown: 40, grace: 45, next: 40 }],
  [120, { windowMs: 120_000, shutdown: 130, grace: 135, next: 130 }],
])('has time to drain, and the rollout waits for it: %s', (drainSeconds, expected) => {
  expect(drainOf(drainSeconds)).toEqual(expected);
});
