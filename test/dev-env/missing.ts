import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { whyNoCluster } from '../cluster/requirements.ts';
import { whyNoCheckers } from '../manifests/checkers/build.ts';
import { chromiumCommand } from './chromium-command.ts';
import { findCommand, isExecutable } from './find-command.ts';
import { mongoDevFolder } from './mongodev-build.ts';
import { RABBITMQ_BIN } from './rabbitmq.ts';
import { secantusFolder } from './secantus.ts';

export type ServerName =
  | 'rabbitmq'
  | 'redis'
  | 'mongodev'
  | 'secantus'
  | 'chromium'
  | 'haproxy'
  | 'cluster'
  | 'checkers';

/** Why this machine cannot start the server, by name and with a remedy; undefined when it can. */
export function missing(name: ServerName): string | undefined {
  const reason = check[name]();
  return reason === undefined ? undefined : `${reason} (make deps)`;
}

const check: Record<ServerName, () => string | undefined> = {
  rabbitmq: () =>
    isExecutable(join(RABBITMQ_BIN, 'rabbitmq-server')) && findCommand('epmd') !== undefined
      ? undefined
      : 'RabbitMQ is not installed: package rabbitmq-server',
  redis: () => lacks('redis-server', 'Redis is not installed: package redis-server'),
  mongodev: () => {
    const java = lacks('java', 'MongoDev needs Java: package openjdk-17-jdk-headless');
    if (java !== undefined || existsSync(mongoDevFolder())) return java;
    return (
      lacks('javac', 'MongoDev is not built and javac is not installed: package openjdk-17-jdk-headless') ??
      lacks('mvn', 'MongoDev is not built and Maven is not installed: package maven')
    );
  },
  secantus: () =>
    isExecutable(join(secantusFolder(), 'bin', 'secantusd-py'))
      ? undefined
      : 'SecantusDB is not in the cache: PyPI package secantusdb 0.7.0b3',
  chromium: () => (chromiumCommand() === undefined ? 'Chromium is not installed: package chromium' : undefined),
  // MongoDev is its mongod.
  cluster: () => whyNoCluster() ?? check.mongodev(),
  checkers: whyNoCheckers,
  haproxy: () => lacks('haproxy', 'HAProxy is not installed: package haproxy'),
};

function lacks(command: string, reason: string): string | undefined {
  return findCommand(command) === undefined ? reason : undefined;
}
