/** Sentences that embed differently if anything is wrong with a tokenizer, a mask or a padding. */
export const texts: readonly string[] = [
  'The capital of France contains the Eiffel Tower.',
  'a',
  '',
  'Ångström naïve façade, señor — ÜBERMÄSSIG 𝒻𝒶𝓃𝒸𝓎!',
  '東京は日本の首都です。北京是中国的首都。',
  '한국어 문장도 있습니다',
  '👩‍🚀 rockets 🚀 and 🇫🇷 flags; e\u0301 against é',
  'The [MASK] of the network\tis\u00a0a\u200btensor.\r\nSecond line.',
  'unaffable internationalization supercalifragilisticexpialidocious',
  'x'.repeat(300),
  Array.from({ length: 400 }, (_, i) => `word${i}`).join(' '),
  'Numbers 3.14159, 1e-12 and 65,504; e-mail someone@example.com.',
];
