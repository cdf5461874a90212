import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Compiles the package to `outDir`, with types. It takes along what it reaches of `services/shared`: the contract is
 * written once and compiled into both sides.
 */
export function buildClient(outDir: string): void {
  rmSync(outDir, { recursive: true, force: true });
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '--project', import.meta.dirname, '--outDir', outDir], { stdio: 'inherit' });
}

if (import.meta.main) buildClient(join(import.meta.dirname, 'dist'));
