/** Another value of the same kind, as near as a mistake would be. */
export function other(value: unknown, rank: number): unknown {
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) {
    const reversed = [...value].reverse();
    if (String(reversed) !== String(value)) return reversed;
    return value.map((part) => (typeof part === 'number' ? part + 1 : part));
  }
  if (typeof value === 'object' && value !== null && 'float' in value) return { float: Number(value.float) * 2 + 1e-3 };
  if (value === 0 || value === 1) return 1 - value;
  if (Number.isInteger(value)) return (value as number) + (value === rank - 1 ? -1 : 1);
  if (typeof value === 'number') return value * 2 + 1e-3;
  return value;
}
