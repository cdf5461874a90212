import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type EnvironmentName, environments } from '../environments/environments.ts';
import { besideManifests } from './beside.ts';
import { renderPlatform } from './render.ts';
import { writeEnvironment } from './write-environment.ts';

const dist = new URL('../../dist', import.meta.url).pathname;

/** Text by path. */
function filesOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

it.each(Object.keys(environments) as EnvironmentName[])('dist/%s is what make synth makes of it', (name) => {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-synth-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const platform = environments[name];
  writeEnvironment(folder, renderPlatform(platform), besideManifests(platform));
  expect(filesOf(join(dist, name))).toEqual(filesOf(folder));
});

it('dist has no environment that is none', () => {
  expect(readdirSync(dist).sort()).toEqual(Object.keys(environments).sort());
});
