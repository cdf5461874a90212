/** Kubernetes from the first to the last. Older ones lack fields that we use; newer ones are untried. */
export const supportedVersions = { oldest: '1.34', newest: '1.37' } as const;

/** What CI runs both on. The images of a release of kind are for that release only. */
export const kind = {
  version: 'v0.33.0',
  nodes: {
    '1.34': 'kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d',
    '1.37': 'kindest/node:v1.37.0@sha256:a1ed56cfb0e7b93589bdf97c8cd566405a265939e3620fc4f5de89adff580ae5',
  },
} as const satisfies { version: string; nodes: Readonly<Record<Supported, string>> };

type Supported = (typeof supportedVersions)[keyof typeof supportedVersions];
