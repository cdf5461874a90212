import { build } from 'esbuild';

/** A program for a pod as one file: all that is ours is in it, packages are the image's. @param entry path of its source */
export async function bundleProgram(entry: URL): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry.pathname],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node24',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
