import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';

export type TlsServer = {
  readonly host: string;
  readonly port: number;
};

/** What a TLS server shows to whoever connects now, valid or not, whoever signed it. Nothing is said to it. */
export function peerCertificate({ host, port }: TlsServer, timeoutMs = 5_000): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...{ host, port, rejectUnauthorized: false },
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const end = (settle: () => void) => {
      settle();
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => end(() => reject(new Error(`${host}:${port} does not answer`))));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('secureConnect', () => {
      const certificate = socket.getPeerX509Certificate();
      end(() => (certificate ? resolve(certificate) : reject(new Error(`${host}:${port} shows no certificate`))));
    });
  });
}
