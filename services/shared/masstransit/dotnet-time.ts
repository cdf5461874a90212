/** A time as .NET writes it with format "O": UTC, seven digits of a second. */
export function toDotnetTime(time: Date): string {
  return `${time.toISOString().slice(0, -1)}0000Z`;
}
