import { type ClientHttp2Session, connect } from 'node:http2';

/** grpc.health.v1.Health/Check: field 1 of the request is the service, of the answer the status (1 = SERVING). */
export function checkGrpcHealth(url: string, service = '', done: (error?: Error) => void): ClientHttp2Session {
  const session = connect(url);
  const name = Buffer.from(service);
  const message = name.length > 0 ? Buffer.concat([Buffer.from([0x0a, name.length]), name]) : name;
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream
    .on('data', (data: Buffer) => done(data[5] === 8 && data[6] === 1 ? undefined : new Error('not SERVING')))
    .on('end', () => done(new Error('no answer')))
    .on('error', done);
  // A frame of gRPC: not compressed, the length in four bytes.
  stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  return session;
}
