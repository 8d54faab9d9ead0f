const CLEANUPS: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/**
 * Joins WordPiece tokens into text: pieces to the one before them, other tokens after a space, no space before
 * `. ? ! ,` and English contractions.
 */
export function joinPieces(tokens: readonly string[], prefix: string): string {
  return tokens
    .map((token, i) => {
      if (i === 0) return cleanUp(token);
      return cleanUp(token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`);
    })
    .join('');
}

const cleanUp = (text: string): string => CLEANUPS.reduce((out, [from, to]) => out.replaceAll(from, to), text);
