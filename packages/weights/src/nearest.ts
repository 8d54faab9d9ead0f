/** How many letters differ, at most `limit`: Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** The part of `key` up to the last separator within what it shares with `other`. */
function commonFolder(key: string, other: string): string {
  let shared = 0;
  while (shared < key.length && key[shared] === other[shared]) shared++;
  const folder = /^.*[/._]/.exec(key.slice(0, shared));
  return folder ? folder[0] : '';
}

/**
 * What a message says about a name that is not there: the names that share its longest leading path, nearest first.
 * @example `under "encoder/layer_0/output/" there is …/dense/kernel, …/dense/bias`
 */
export function nearest(key: string, keys: Iterable<string>, most = 4): string {
  let folder = '';
  let near: string[] = [];
  for (const other of keys) {
    const common = commonFolder(key, other);
    if (common.length > folder.length) {
      folder = common;
      near = [];
    }
    if (common === folder) near.push(other);
  }
  if (near.length === 0) return 'there are no others';
  const rest = key.slice(folder.length);
  const ranked = near
    .slice(0, 200)
    .map((name) => ({ name, distance: editDistance(rest, name.slice(folder.length, folder.length + 80)) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, most)
    .map(({ name }) => (folder ? `…/${name.slice(folder.length)}` : name));
  const list = `${ranked.join(', ')}${near.length > ranked.length ? ', …' : ''}`;
  return folder ? `under "${folder}" there is ${list}` : `there is ${list}`;
}
