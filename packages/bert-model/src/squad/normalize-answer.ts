/** Python's string.punctuation. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** Python's \b beside an article: letters and numbers of every script, and `_`, but no combining marks. */
const ARTICLES = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
/** What Python's str.split() splits at: JavaScript's \s without U+FEFF, with U+001C to U+001F and U+0085. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts them as whitespace
const WHITESPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/**
 * An answer as the official SQuAD scripts compare it: in lower case, without ASCII punctuation, without the articles
 * a, an and the, in words that one space divides.
 */
export const normalizeAnswer = (answer: string): string => answerWords(answer).join(' ');

/** The words of {@link normalizeAnswer}. */
export const answerWords = (answer: string): string[] =>
  answer
    .toLowerCase()
    .replace(PUNCTUATION, '')
    .replace(ARTICLES, ' ')
    .split(WHITESPACE)
    .filter((word) => word !== '');
