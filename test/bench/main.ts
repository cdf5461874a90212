import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import { benchChat, chatBenchSizes } from './chat/chat-bench.ts';
import { isMongod } from './chat/servers.ts';
import { queueFiller } from './fill-queue.ts';
import { type Finding, tableOf } from './findings.ts';
import { benchNotifications, notificationBenchSizes } from './notifications.ts';

// Ratios within one run, the contenders in turn; absolute figures say more about the machine than about the code.
const { PART, ROUNDS, MEMORY_EVENTS, SHORT, MONGODB_URL } = process.env;
const parts = ['notifications', 'chat'] as const;
const wanted = parts.filter((part) => !PART || part === PART);
if (wanted.length === 0) throw new Error(`PART must be one of ${parts.join(', ')}, got ${PART}`);
const size = SHORT ? 'short' : 'whole';
const rounds = ROUNDS ? { rounds: Number(ROUNDS) } : {};
const memory = MEMORY_EVENTS ? { memoryEvents: Number(MEMORY_EVENTS) } : {};
const load = () =>
  `load ${loadavg()
    .map((value) => value.toFixed(1))
    .join(' ')}`;

await using rabbitmq = await startRabbitMq();
await using redis = await startRedis();
await using filler = await queueFiller(rabbitmq.url);
const servers = { amqpUrl: rabbitmq.url, redisUrl: redis.url, mongoUrl: undefined, filler };

const findings: Finding[] = [];
const raw: Record<string, object> = {};
const startedWith = load();
if (wanted.includes('notifications')) {
  const { findings: found, raw: figures } = await benchNotifications(servers, {
    ...notificationBenchSizes[size],
    ...rounds,
    ...memory,
  });
  findings.push(...found);
  raw['notifications'] = figures;
}
if (wanted.includes('chat')) {
  const chatSize = { ...chatBenchSizes[size], ...rounds };
  const onSqlite = await benchChat(servers, chatSize);
  findings.push(...named('SQLite', onSqlite.findings));
  raw['chat'] = onSqlite.raw;
  if (MONGODB_URL && (await isMongod(MONGODB_URL))) {
    const onMongo = await benchChat({ ...servers, mongoUrl: MONGODB_URL }, chatSize);
    findings.push(...named('mongod', onMongo.findings));
    raw['chatOnMongod'] = onMongo.raw;
  } else {
    findings.push({ what: 'mongod: all of chat', measured: 'no mongod here', target: 'as on SQLite' });
  }
}

process.stdout.write(`
Node ${process.version}, ${cpus().length} cores, ${startedWith} at the start, ${load()} at the end (1, 5, 15 minutes)

${tableOf(findings)}
`);
mkdirSync('test-output', { recursive: true });
writeFileSync('test-output/bench.json', JSON.stringify({ findings, ...raw }, null, 1));

function named(store: string, found: readonly Finding[]): Finding[] {
  return found.map((finding) => ({ ...finding, what: `${store}: ${finding.what}` }));
}
