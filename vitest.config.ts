import { defineConfig } from 'vitest/config';
import { ClusterTestsLast } from './test/cluster/cluster-tests-last.ts';

export default defineConfig({
  test: {
    include: ['services/**/*.test.ts', 'services/**/*.test.tsx', 'test/**/*.test.ts', 'cdk8s/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 180_000,
    globalSetup: ['test/dev-env/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: ClusterTestsLast },
  },
});
