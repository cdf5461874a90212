import { readFileSync } from 'node:fs';
import { environments } from './environments/environments.ts';
import type { ImageProps } from './platform-props.ts';
import { besideManifests } from './synth/beside.ts';
import { renderPlatform } from './synth/render.ts';
import { writeEnvironment } from './synth/write-environment.ts';

// make synth: writes dist/ anew. IMAGE_REGISTRY= and IMAGE_DIGESTS= (a JSON file, digest by image) are the release's.
const { IMAGE_REGISTRY: registry, IMAGE_DIGESTS: digestsFile } = process.env;
const released: Partial<ImageProps> = {
  ...(registry ? { registry } : {}),
  ...(digestsFile ? { digests: JSON.parse(readFileSync(digestsFile, 'utf8')) } : {}),
};

for (const [name, platform] of Object.entries(environments)) {
  const rendered = renderPlatform({ ...platform, images: { ...platform.images, ...released } });
  writeEnvironment(new URL(`../dist/${name}`, import.meta.url).pathname, rendered, besideManifests(platform));
  console.log(`dist/${name}`);
}
