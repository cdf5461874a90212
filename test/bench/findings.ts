/** One line of the table that a bench ends with. */
export type Finding = {
  readonly what: string;
  readonly measured: string;
  /** undefined: measured for information. */
  readonly target?: string;
  /** undefined: there is no target, or it could not be measured here. */
  readonly met?: boolean;
};

/** What was measured beside what should be, and which of it is missed. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, measured, target = '', met }) => [what, measured, target, verdict(target, met)]);
  const cells = [['what', 'measured', 'target', ''], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function verdict(target: string, met: boolean | undefined): string {
  if (met === undefined) return target === '' ? '' : 'unmeasured';
  return met ? 'met' : 'MISSED';
}
