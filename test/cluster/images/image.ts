/** What runs here when a pod names an image. Plain data: it is handed to another process as JSON. */
export type Image = {
  /** ENTRYPOINT: a container's `command` replaces it. */
  entryPoint?: readonly string[];
  /** CMD: a container's `command` or `args` replace it. */
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** @default 0 */
  user?: number;
  /** @default 0 */
  group?: number;
  /** @default / */
  workingDir?: string;
  /** Path in the container → file or folder of this machine, read-only. The rest is the machine's own root. */
  mounts?: Readonly<Record<string, string>>;
  /** Path in the container → its text: files that the image brings. */
  files?: Readonly<Record<string, string>>;
  /** Path in the container → octal mode: folders that the image brings, empty. */
  folders?: Readonly<Record<string, string>>;
  /** Paths that are writable under a read-only root, too: for what stands between the image and what runs here. */
  scratch?: readonly string[];
};

/** By repository name as pods say it, without tag and digest; `docker.io/library/` may be left out. */
export type ImageTable = Readonly<Record<string, Image>>;

/** undefined: there is no such image, as if its registry said so. */
export function findImage(table: ImageTable, reference: string): Image | undefined {
  const repository = shortName(reference.replace(/@.*$/, '').replace(/:[^/:]*$/, ''));
  for (const [name, image] of Object.entries(table)) if (shortName(name) === repository) return image;
  return undefined;
}

function shortName(repository: string): string {
  return repository.replace(/^docker\.io\//, '').replace(/^library\//, '');
}
