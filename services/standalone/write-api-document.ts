import { writeFile } from 'node:fs/promises';
import { platformDocument } from './api-document.ts';

// The gateway knows no service: it serves what this wrote.
const file = new URL('../gateway/openapi.json', import.meta.url);
await writeFile(file, `${JSON.stringify(platformDocument(), null, 1)}\n`);
