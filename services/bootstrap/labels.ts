/** On everything that these programs make, and that nothing deletes with the manifests. */
export const madeByBootstrap = {
  'app.kubernetes.io/part-of': 'sonixy-realtime',
  'app.kubernetes.io/managed-by': 'sonixy-bootstrap',
} as const;
