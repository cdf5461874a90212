import { environments } from './environments/environments.ts';
import { renderPlatform } from './synth/render.ts';
import { writeEnvironment } from './synth/write-environment.ts';

// make synth: writes dist/ anew.
for (const [name, platform] of Object.entries(environments)) {
  writeEnvironment(new URL(`../dist/${name}`, import.meta.url).pathname, renderPlatform(platform));
  console.log(`dist/${name}`);
}
