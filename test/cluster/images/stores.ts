import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mongoDevFolder } from '../../dev-env/mongodev-build.ts';
import type { Image, ImageTable } from './image.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Of all three official images. */
const USER = 999;
const ENTRIES = '/opt/entry';
/** One scheduler thread, no busy waiting: many brokers share a small machine. */
const SMALL_ERLANG = '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none';

const entry = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
const script = (name: string) => ['sh', `${ENTRIES}/${name}`];

/** The stores' official images, as near as Debian's packages and MongoDev come. README.md says how near that is. */
export function storeImages(): ImageTable {
  return { rabbitmq, redis, mongo: mongo() };
}

const rabbitmq = {
  entryPoint: script('rabbitmq-entry.sh'),
  args: ['rabbitmq-server'],
  env: {
    PATH: `/usr/lib/rabbitmq/bin:${PATH}`,
    HOME: '/var/lib/rabbitmq',
    RABBITMQ_DATA_DIR: '/var/lib/rabbitmq',
    RABBITMQ_VERSION: '4.x on 3.10.8',
    RUNNING_UNDER_SYSTEMD: 'true',
    ...{ LANG: 'C.UTF-8', LANGUAGE: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: SMALL_ERLANG,
    RABBITMQ_CTL_ERL_ARGS: SMALL_ERLANG,
  },
  user: USER,
  group: USER,
  scratch: ['/run/table', '/var/log/rabbitmq'],
  files: {
    [`${ENTRIES}/rabbitmq-entry.sh`]: entry('rabbitmq-entry.sh'),
    '/etc/rabbitmq/conf.d/10-defaults.conf': 'loopback_users.guest = false\nlog.console = true\n',
    '/etc/rabbitmq/enabled_plugins': '[rabbitmq_management,rabbitmq_prometheus].\n',
  },
  folders: { '/var/lib/rabbitmq': '1777', '/var/log/rabbitmq': '1777', '/etc/rabbitmq': '1777' },
};

const redis = {
  entryPoint: script('redis-entry.sh'),
  args: ['redis-server'],
  env: { PATH },
  user: USER,
  group: USER,
  workingDir: '/data',
  scratch: ['/run/table'],
  files: { [`${ENTRIES}/redis-entry.sh`]: entry('redis-entry.sh') },
  folders: { '/data': '0777' },
};

function mongo(): Image {
  return {
    entryPoint: script('mongo-entry.sh'),
    args: ['mongod'],
    env: { PATH },
    user: USER,
    group: USER,
    mounts: { '/opt/mongodev': mongoDevFolder() },
    files: {
      [`${ENTRIES}/mongo-entry.sh`]: entry('mongo-entry.sh'),
      '/usr/local/bin/mongod': entry('mongod.sh'),
    },
    folders: { '/data/db': '0777', '/data/configdb': '0777' },
  };
}
