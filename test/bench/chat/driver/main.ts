import { createServer } from 'node:http';
import { type CrowdPlan, gatherCrowd } from './crowd.ts';
import { type LoadPlan, runLoad } from './loads.ts';
import { createPoster } from './poster.ts';
import { Tracker } from './tracker.ts';

/**
 * The load generator: people who look and people who talk, in one process of its own, so that send and display are on one
 * clock. PLAN is a `CrowdPlan`; POST_URLS are where messages go. A `LoadPlan` that is posted is answered with its result.
 */
const { PLAN = '{}', POST_URLS = '', PORT = '0' } = process.env;
const plan = JSON.parse(PLAN) as CrowdPlan;
const tracker = new Tracker(plan.clients === 'none' ? 0 : plan.membersEach);
const poster = createPoster();
const { talks } = await gatherCrowd(plan, tracker.displayed);
const parts = { talks, postUrls: POST_URLS.split(','), poster, tracker };

createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const answer =
    chunks.length === 0 ? { talks } : await runLoad(JSON.parse(Buffer.concat(chunks).toString()) as LoadPlan, parts);
  response.end(JSON.stringify(answer));
}).listen(Number(PORT), '127.0.0.1');
