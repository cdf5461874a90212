import { randomUUID } from 'node:crypto';
import { eventually } from '../../../eventually.ts';
import { flowingMark, reportMark, type TrafficReport } from '../traffic/traffic-report.ts';
import { runProgram } from './program.ts';
import { Answers } from './traffic/answers.ts';
import { Ledger } from './traffic/ledger.ts';
import { likesDisplay, startLikes } from './traffic/likes.ts';
import { startPlain } from './traffic/plain.ts';
import { sdkDisplays, startTalk } from './traffic/talk.ts';

const lifeMs = 60 * 60_000;
/** For what was acknowledged to be displayed, once nobody says anything more. */
const calm = { timeoutMs: 90_000, everyMs: 100 };

// Steady traffic through the Services, until SIGTERM. At SIGUSR2 everybody falls silent; once what was acknowledged is
// displayed, or patience is at its end, one line reports, and the traffic goes on.
await runProgram(
  async () => {
    const run = randomUUID().slice(0, 8);
    const users = { alice: `alice-${run}`, bob: `bob-${run}`, carol: `carol-${run}` };
    const answers = new Answers();
    const messages = new Ledger('messages', sdkDisplays);
    const likes = new Ledger('likes', [likesDisplay]);
    const { conversation, alice, speakers } = await startTalk(answers, messages, users);
    const all = [
      ...speakers,
      ...startPlain(answers, messages, users.carol, conversation),
      await startLikes(likes, users.alice, alice),
    ];
    const isCalm = async () => {
      await Promise.all(all.map((each) => each.pause()));
      await eventually(() => messages.missing() ?? likes.missing(), calm).catch(() => undefined);
    };
    const report = (): TrafficReport => {
      const [said, liked] = [messages.take(), likes.take()];
      return {
        ...answers.take(),
        acknowledged: { messages: said.times, likes: liked.times },
        slowestMs: Math.max(said.slowestMs, liked.slowestMs),
        faults: [...said.faults, ...liked.faults],
      };
    };
    await isCalm();
    report();
    for (const each of all) each.resume();
    console.log(flowingMark);
    for (;;) {
      const signal = await new Promise<string>((resolve) => {
        for (const name of ['SIGUSR2', 'SIGTERM'] as const) process.once(name, resolve);
      });
      if (signal === 'SIGTERM') return;
      await isCalm();
      console.log(reportMark + JSON.stringify(report()));
      for (const each of all) each.resume();
    }
  },
  { timeoutMs: lifeMs },
);
