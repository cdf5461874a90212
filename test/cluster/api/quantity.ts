const FACTOR: Record<string, number> = {
  '': 1,
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** `250m`, `64Mi` … as a number. */
export function quantity(text: string | number): number {
  const [, digits, unit] = /^([\d.]+(?:e\d+)?)([a-zA-Z]*)$/.exec(String(text)) ?? [];
  const factor = FACTOR[unit ?? ' '];
  if (factor === undefined) throw new Error(`no quantity: ${text}`);
  return Number(digits) * factor;
}
