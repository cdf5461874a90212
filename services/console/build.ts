import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

export type PageFile = { readonly body: Buffer; readonly contentType: string; readonly etag: string };

/** Files by the path they are served at; `/` is the document, all others carry a hash of their content in the name. */
export type Page = ReadonlyMap<string, PageFile>;

const folder = join(import.meta.dirname, 'page');

const contentTypes: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Bundles the page in memory, in about a second. With `outDir` it is written there as well. */
export async function buildPage({ outDir }: { outDir?: string } = {}): Promise<Page> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'page.tsx'), join(folder, 'page.css'), join(folder, 'icon.svg')],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    loader: { '.svg': 'copy' },
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    entryNames: 'assets/[name]-[hash]',
    outdir: folder,
    absWorkingDir: folder,
    logLevel: 'silent',
  });
  const page = new Map<string, PageFile>();
  for (const file of outputFiles) {
    page.set(file.path.slice(folder.length).replaceAll('\\', '/'), toPageFile(Buffer.from(file.contents), file.path));
  }
  page.set('/', toPageFile(await documentFor([...page.keys()]), 'index.html'));
  if (outDir !== undefined) await writePage(page, outDir);
  return page;
}

function toPageFile(body: Buffer, name: string): PageFile {
  const contentType = contentTypes[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  return { body, contentType, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

async function documentFor(paths: readonly string[]): Promise<Buffer> {
  const template = await readFile(join(folder, 'index.html'), 'utf8');
  const document = template.replace(/\{\{(\w+)\}\}/g, (_all, extension: string) => {
    const path = paths.find((candidate) => candidate.endsWith(`.${extension}`));
    if (path === undefined) throw new Error(`the bundle has no .${extension} file`);
    return path;
  });
  return Buffer.from(document);
}

async function writePage(page: Page, outDir: string): Promise<void> {
  for (const [path, { body }] of page) {
    const file = join(outDir, path === '/' ? 'index.html' : path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, body);
  }
}

if (import.meta.main) {
  const outDir = join('dist', 'page');
  const page = await buildPage({ outDir });
  for (const [path, { body }] of page) process.stdout.write(`${path} ${body.length} bytes\n`);
}
