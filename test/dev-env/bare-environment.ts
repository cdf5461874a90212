const PASSED_ON = ['PATH', 'LANG', 'TZ', 'TMPDIR', 'JAVA_HOME', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'];

/** What any program needs of this process' environment, and nothing by which the machine could change a test. */
export function bareEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
