import { expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

test('one name is one metric, shared by who asks for it', async () => {
  const metrics = createMetrics('test');
  metrics.counter('a_total', 'a', ['kind']).inc({ kind: 'x' });
  metrics.counter('a_total', 'a', ['kind']).inc({ kind: 'x' });
  expect(await metrics.registry.getSingleMetricAsString('a_total')).toContain('a_total{kind="x",service="test"} 2');
});

test('one name can not be two kinds or have other labels', () => {
  const metrics = createMetrics('test');
  metrics.counter('a_total', 'a', ['kind']);
  expect(() => metrics.gauge('a_total', 'a')).toThrow('already a counter(kind)');
  expect(() => metrics.counter('a_total', 'a', ['other'])).toThrow('already a counter(kind)');
});

test('labels are fixed: another one is an error', () => {
  const counter: { inc(labels: Record<string, string>): void } = createMetrics('test').counter('a_total', 'a', [
    'kind',
  ]);
  counter.inc({ kind: 'x' });
  expect(() => counter.inc({ user: 'alice' })).toThrow('user');
});

test('two processes in one do not share numbers', async () => {
  const [one, two] = [createMetrics('one'), createMetrics('two')];
  one.gauge('g', 'g').set(1);
  two.gauge('g', 'g', [], (gauge) => gauge.set(2));
  expect(await one.registry.getSingleMetricAsString('g')).toContain('g{service="one"} 1');
  expect(await two.registry.metrics()).toContain('g{service="two"} 2');
});

test('a histogram has the buckets it was given', async () => {
  const metrics = createMetrics('test');
  metrics.histogram('h', 'h', { buckets: [1, 2] }).observe(1.5);
  const text = await metrics.registry.getSingleMetricAsString('h');
  expect(text).toContain('h_bucket{le="1",service="test"} 0');
  expect(text).toContain('h_bucket{le="2",service="test"} 1');
});
