/** The similarities of all pairs, a row a sentence; numbers stand for the sentences in the heading. */
export function table(texts: readonly string[], scores: readonly (readonly number[])[]): string {
  const shown = texts.map((text) => (text.length > 52 ? `${text.slice(0, 51)}…` : text));
  const width = Math.max(...shown.map(({ length }) => length));
  const heading = `${' '.repeat(width + 5)}${texts.map((_, i) => String(i + 1).padStart(6)).join('')}`;
  const rows = scores.map((row, i) => {
    const cells = row.map((score) => score.toFixed(2).padStart(6)).join('');
    return `${String(i + 1).padStart(3)}  ${shown[i]!.padEnd(width)}${cells}`;
  });
  return [heading, ...rows].join('\n');
}
