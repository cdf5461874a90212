import { X509Certificate } from 'node:crypto';
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { issueAuthority, issueServer, type KeyPair } from '#services/bootstrap/certificates/x509-issuer.ts';
import { peerCertificate } from '#shared/runtime/peer-certificate.ts';
import { rabbitmqConf, rabbitmqFolders } from '../../cdk8s/stores/rabbitmq/rabbitmq-conf.ts';
import { MountedFiles } from '../dev-env/mounted-files.ts';
import { startRabbitMq } from '../dev-env/rabbitmq.ts';
import { describeWithServer } from '../dev-env/with-server.ts';
import { eventually } from '../eventually.ts';

const validity = { now: Date.now(), lifetimeMs: 3_600_000 };

/** What the Secret holds, with its certificate's fingerprint. */
async function issue(authority: KeyPair) {
  const { certificate, privateKey } = await issueServer(authority, ['localhost'], validity);
  const files = { 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': authority.certificate };
  return { files, fingerprint: new X509Certificate(certificate).fingerprint256 };
}

/** The rendered settings of TLS, with another folder and port. */
function settings(folder: string, port: number): string[] {
  const lines = rabbitmqConf({ tls: true, plain: false, nodes: 1, memoryMi: 512 }).split('\n');
  const ours = lines.filter((line) => line.startsWith('ssl_options.'));
  return [
    `listeners.ssl.default = 127.0.0.1:${port}`,
    ...ours.map((line) => line.replace(rabbitmqFolders.tls, folder)),
  ];
}

describeWithServer('rabbitmq', 'the certificate of RabbitMQ', () => {
  test('is renewed without a restart or a lost connection, also by another authority', {
    timeout: 300_000,
  }, async () => {
    const [old, next] = [await issueAuthority(validity), await issueAuthority(validity)];
    const first = await issue(old);
    await using mounted = await MountedFiles.create(first.files);
    await using broker = await startRabbitMq({ tls: (port) => settings(mounted.folder, port) });
    const served = async () => (await peerCertificate({ host: 'localhost', port: broker.tlsPort })).fingerprint256;
    const url = `amqps://guest:guest@localhost:${broker.tlsPort}`;
    expect(await served()).toBe(first.fingerprint);
    const before = await connect(url, { ca: [old.certificate] });
    let lost = 0;
    before.on('close', () => lost++).on('error', () => {});
    const channel = await before.createConfirmChannel();
    await channel.assertQueue('kept');

    for (const authority of [old, next]) {
      const renewed = await issue(authority);
      await mounted.replace(renewed.files);
      const why = async () => ((await served()) === renewed.fingerprint ? undefined : 'the one of before is served');
      // Sooner than Erlang forgets a file by itself, which is after two minutes.
      await eventually(why, { timeoutMs: 45_000 });
      channel.sendToQueue('kept', Buffer.from('here'));
      await channel.waitForConfirms();
    }

    expect(lost).toBe(0);
    const after = await connect(url, { ca: [next.certificate] });
    expect((await (await after.createChannel()).checkQueue('kept')).messageCount).toBe(2);
    await expect(connect(url, { ca: [old.certificate] })).rejects.toThrow();
    await after.close();
    await before.close();
  });
});
