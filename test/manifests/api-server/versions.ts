import { kubernetesVersion } from '#test/cluster/build/kubetools-folder.ts';
import type { ClusterSettings } from '#test/cluster/settings.ts';
import { supportedVersions } from '../../../cdk8s/supported-versions.ts';

/** `1.36`: of the binary, which is the newest that it can be. */
const own = kubernetesVersion().split('.').slice(0, 2).join('.').slice(1);

/** Of those that are supported, the oldest and the newest that can be had here. */
export const versionsHere: readonly string[] = [supportedVersions.oldest, own];

/** A small cluster whose API server behaves as of that version: newer APIs are not served, newer fields are dropped. */
export function settingsOf(version: string): ClusterSettings {
  return { nodes: ['node-0'], arguments: { 'kube-apiserver': [emulated(version)] } };
}

export function emulated(version: string): string {
  return `--emulated-version=${version}`;
}
