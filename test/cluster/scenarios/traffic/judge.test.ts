import { describe, expect, it } from 'vitest';
import { complaintsOf, pausesOf } from './judge.ts';
import type { BadAnswer, TrafficReport } from './traffic-report.ts';

const bad = (over: Partial<BadAnswer> = {}): BadAnswer => ({
  ...{ route: 'chat', method: 'POST', status: 503, detail: 'no', began: 1_000, ended: 1_200 },
  ...over,
});
const report = (over: Partial<TrafficReport>): TrafficReport => ({
  ...{ answered: 9, bad: [], acknowledged: { messages: [], likes: [] }, slowestMs: 0, faults: [] },
  ...over,
});
const quiet = { without: () => [], deaths: [] };
const within = { from: 1_100, to: 1_150 };

describe('what traffic has against the platform', () => {
  it('is nothing where all was answered and displayed', () => {
    expect(complaintsOf(report({}), quiet)).toEqual([]);
  });

  it('is all that the pod saw itself', () => {
    expect(complaintsOf(report({ faults: ['alice 7 is not displayed'] }), quiet)).toEqual(['alice 7 is not displayed']);
  });

  it.each([{}, { status: 0 }, { route: 'notifications' as const }])('is a bad answer without a reason: %j', (over) => {
    expect(complaintsOf(report({ bad: [bad(over)] }), quiet)).toHaveLength(1);
  });

  it.each([
    ['chat', 503],
    ['notification', 503],
    ['gateway', 0],
  ] as const)('is no bad answer while %s has no endpoint, or dies with the request in hand: %i', (service, status) => {
    const route = service === 'notification' ? 'notifications' : 'chat';
    const answers = report({ bad: [bad({ status, route })] });
    const without = (of: string) => (of === service ? [within] : []);
    expect(complaintsOf(answers, { without, deaths: [] })).toEqual([]);
    expect(complaintsOf(answers, { without: () => [], deaths: [{ ...within, service }] })).toEqual([]);
  });

  it('is a bad answer of one service while another has no endpoint', () => {
    const without = (of: string) => (of === 'notification' ? [within] : []);
    expect(complaintsOf(report({ bad: [bad()] }), { without, deaths: [] })).toHaveLength(1);
    expect(complaintsOf(report({ bad: [bad({ status: 0 })] }), { without, deaths: [] })).toHaveLength(1);
  });

  it('is a bad answer to a request that began after a process had died', () => {
    const deaths = [{ from: 900, to: 990, service: 'chat' }];
    expect(complaintsOf(report({ bad: [bad()] }), { without: () => [], deaths })).toHaveLength(1);
  });
});

describe('pauses', () => {
  const span = { from: 0, to: 10_000 };

  it('are none where acknowledgements go on from the beginning to the end', () => {
    expect(pausesOf([2_000, 500, 5_000, 8_000], span, 4_000)).toEqual([]);
  });

  it.each([
    ['at the beginning', [5_000, 8_000]],
    ['in the midst', [1_000, 8_000]],
    ['at the end', [1_000, 5_000]],
    ['all the time', []],
  ])('are told %s', (_where, times) => {
    expect(pausesOf(times, span, 4_000).length).toBeGreaterThan(0);
  });
});
