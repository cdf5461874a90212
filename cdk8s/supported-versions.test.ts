import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kind, supportedVersions } from './supported-versions.ts';

const { oldest, newest } = supportedVersions;

it.each(['README.md', 'docs/operations.md'])('%s names the Kubernetes versions that CI runs', (file) => {
  const text = readFileSync(new URL(`../${file}`, import.meta.url), 'utf8');
  expect(text).toContain(`Kubernetes ${oldest} to ${newest}`);
});

it('each node image of CI is of the version that it stands for, and is named by its digest', () => {
  for (const [version, image] of Object.entries(kind.nodes)) {
    expect(image).toMatch(new RegExp(`^kindest/node:v${version.replace('.', '\\.')}\\.\\d+@sha256:[0-9a-f]{64}$`));
  }
  expect(Object.keys(kind.nodes)).toEqual([oldest, newest]);
});
