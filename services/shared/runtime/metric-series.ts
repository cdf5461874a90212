/** Finding a series by its labels costs more than counting: each is looked up once. */
export function seriesBy<Label extends string, Series>(find: (label: Label) => Series): (label: Label) => Series {
  const known = new Map<Label, Series>();
  return (label) => {
    let series = known.get(label);
    if (!series) {
      series = find(label);
      known.set(label, series);
    }
    return series;
  };
}
