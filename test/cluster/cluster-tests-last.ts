import { readFileSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { missing } from '../dev-env/missing.ts';
import { buildKubetools } from './build/kubetools-build.ts';

/** Runs test files that need a cluster after all others, and begins the long build of its binary at once. */
export class ClusterTestsLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const { last = [], first = [] } = Object.groupBy(sorted, (file) => (needsCluster(file) ? 'last' : 'first'));
    // Whoever needs the build hears of its failure.
    if (last.length > 0 && missing('cluster') === undefined) buildKubetools().catch(() => {});
    return [...first, ...last];
  }
}

/** By what it imports: a name would have to be known. */
function needsCluster({ moduleId }: TestSpecification): boolean {
  return /from '[^']*\/(use|start)-cluster\.ts'/.test(readFileSync(moduleId, 'utf8'));
}
