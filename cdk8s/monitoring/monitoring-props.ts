/** Scraping by the Prometheus operator, whose custom resources the cluster must know. */
export type MonitoringProps = {
  /** On each PodMonitor: kube-prometheus-stack takes only those with `release: <its name>`. @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default 15s: the hub's autoscaler is never quicker than that */
  readonly interval?: string;
};
