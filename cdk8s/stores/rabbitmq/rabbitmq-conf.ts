/** Where the container finds what it mounts. */
export const rabbitmqFolders = {
  config: '/etc/rabbitmq',
  definitions: '/etc/rabbitmq-definitions',
  tls: '/etc/rabbitmq-tls',
  home: '/var/lib/rabbitmq',
  data: '/var/lib/rabbitmq/mnesia',
  log: '/var/log/rabbitmq',
} as const;

export type RabbitmqConfProps = {
  readonly tls: boolean;
  /** Also listens on 5672. */
  readonly plain: boolean;
  readonly nodes: number;
  /** Of the container. */
  readonly memoryMi: number;
};

/**
 * rabbitmq.conf of RabbitMQ 4.1 and later. It is mounted over the whole of /etc/rabbitmq, so that the lines of the image's
 * conf.d are here too.
 *
 * @see https://www.rabbitmq.com/docs/configure
 */
export function rabbitmqConf({ tls, plain, nodes, memoryMi }: RabbitmqConfProps): string {
  const certificate = (prefix: string) => [
    `${prefix}.cacertfile = ${rabbitmqFolders.tls}/ca.crt`,
    `${prefix}.certfile = ${rabbitmqFolders.tls}/tls.crt`,
    `${prefix}.keyfile = ${rabbitmqFolders.tls}/tls.key`,
  ];
  const listeners = [
    plain || !tls ? 'listeners.tcp.default = 5672' : 'listeners.tcp = none',
    ...(tls
      ? [
          'listeners.ssl.default = 5671',
          ...certificate('ssl_options'),
          'ssl_options.verify = verify_none',
          'ssl_options.fail_if_no_peer_cert = false',
          'ssl_options.honor_cipher_order = true',
          // Else a renewed certificate is served two minutes later, or when somebody asks a node to forget the old one.
          'ssl_options.bypass_pem_cache = true',
          'ssl_options.versions.1 = tlsv1.3',
          'ssl_options.versions.2 = tlsv1.2',
          'management.ssl.port = 15671',
          ...certificate('management.ssl'),
          'prometheus.ssl.port = 15691',
          ...certificate('prometheus.ssl'),
        ]
      : ['management.tcp.port = 15672', 'prometheus.tcp.port = 15692']),
  ];
  const lines = [
    'cluster_name = sonixy-realtime',
    'cluster_formation.peer_discovery_backend = k8s',
    // Definitions are imported once all are there: a quorum queue then has a member on each.
    `cluster_formation.target_cluster_size_hint = ${nodes}`,
    'default_queue_type = quorum',
    'queue_leader_locator = balanced',
    'quorum_queue.continuous_membership_reconciliation.enabled = true',
    `quorum_queue.continuous_membership_reconciliation.target_group_size = ${nodes}`,
    'quorum_queue.continuous_membership_reconciliation.auto_remove = false',
    'quorum_queue.property_equivalence.relaxed_checks_on_redeclaration = true',
    'consumer_timeout = 1800000',
    'max_message_size = 1048576',
    'deprecated_features.permit.transient_nonexcl_queues = false',
    'deprecated_features.permit.global_qos = false',
    `total_memory_available_override_value = ${memoryMi}MiB`,
    `vm_memory_high_watermark.absolute = ${Math.floor(memoryMi * 0.6)}MiB`,
    `disk_free_limit.absolute = ${Math.floor(memoryMi * 0.6)}MiB`,
    'heartbeat = 30',
    'channel_max = 128',
    ...listeners,
    'loopback_users = none',
    'auth_mechanisms.1 = PLAIN',
    'auth_mechanisms.2 = AMQPLAIN',
    'anonymous_login_user = none',
    'definitions.import_backend = local_filesystem',
    `definitions.local.path = ${rabbitmqFolders.definitions}/definitions.json`,
    'definitions.skip_if_unchanged = true',
    'log.console = true',
    'log.console.level = info',
    'log.console.formatter = json',
    'log.file = false',
  ];
  return `${lines.join('\n')}\n`;
}

export const enabledPlugins = '[rabbitmq_management,rabbitmq_peer_discovery_k8s,rabbitmq_prometheus].\n';
