import { describe, expect, it } from 'vitest';
import { shrink } from './shrink.fixture.ts';
import { Simulation } from './simulation.fixture.ts';

describe('a simulation', () => {
  it('runs tasks by time, and what a process has set in motion dies with it', async () => {
    const simulation = new Simulation(1);
    const process = simulation.start('one');
    const ran: string[] = [];
    simulation.after(process, 20, () => ran.push('later'));
    simulation.after(process, 10, () => ran.push('first'));
    simulation.after(process, 25, () => process.kill());
    simulation.after(process, 30, () => ran.push('never'));
    await simulation.runTo(100);
    expect(ran).toEqual(['first', 'later']);
  });

  it('keeps a frozen process waiting', async () => {
    const simulation = new Simulation(1);
    const process = simulation.start('one');
    const ranAt: number[] = [];
    process.frozenUntil = process.clock.now() + 50;
    simulation.after(process, 10, () => ranAt.push(simulation.elapsed));
    await simulation.runTo(100);
    expect(ranAt).toEqual([50]);
  });

  it('lets a timer be cancelled whose time came while its process was frozen', async () => {
    const simulation = new Simulation(1);
    const process = simulation.start('one');
    const ran: string[] = [];
    process.frozenUntil = process.clock.now() + 50;
    const timer = simulation.after(process, 10, () => ran.push('cancelled'));
    simulation.after(process, 10, () => ran.push('kept'));
    await simulation.runTo(20);
    timer.cancel();
    await simulation.runTo(100);
    expect(ran).toEqual(['kept']);
  });

  it('answers a call, or tells that nobody is there, or that he died before he answered', async () => {
    const simulation = new Simulation(1);
    const [from, to] = [simulation.start('from'), simulation.start('to')];
    const outcomes: unknown[] = [];
    const ask = (handle: () => Promise<string>) =>
      simulation.call(from, to, handle).then(
        (answer) => outcomes.push(answer),
        (error: unknown) => outcomes.push((error as { code: string }).code),
      );
    simulation.after(from, 0, () => void ask(async () => 'answer'));
    await simulation.runTo(100);
    simulation.after(from, 0, () => void ask(() => new Promise(() => {})));
    simulation.after(to, 50, () => to.kill());
    await simulation.runTo(200);
    simulation.after(from, 0, () => void ask(async () => 'answer'));
    await simulation.runTo(300);
    expect(outcomes).toEqual(['answer', 'unavailable', 'unavailable']);
  });

  it('draws setImmediate and Math.random from its seed, and gives both back', async () => {
    const before = [globalThis.setImmediate, Math.random];
    const draw = async (seed: number) => {
      const simulation = new Simulation(seed);
      const drawn: number[] = [];
      simulation.after(simulation.start('one'), 0, () => setImmediate(() => drawn.push(Math.random())));
      await simulation.runTo(10);
      return drawn;
    };
    expect(await draw(5)).toHaveLength(1);
    expect(await draw(5)).toEqual(await draw(5));
    expect(await draw(5)).not.toEqual(await draw(6));
    expect([globalThis.setImmediate, Math.random]).toEqual(before);
  });
});

describe('shrinking', () => {
  it('leaves the steps without which nothing fails', async () => {
    const steps = Array.from({ length: 40 }, (_, index) => index);
    const needed = [3, 17, 31];
    expect(await shrink(steps, async (some) => needed.every((step) => some.includes(step)))).toEqual(needed);
  });
});
