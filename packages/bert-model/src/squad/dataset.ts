import { JsonValue } from './json.ts';

/** An answer that a person marked. */
export interface GoldAnswer {
  readonly text: string;
  /** Where it begins in the passage, in code points, as SQuAD counts. */
  readonly start: number;
}

/** One question about one passage. */
export interface SquadExample {
  readonly id: string;
  readonly question: string;
  /** SQuAD's `context`. */
  readonly passage: string;
  /** Every marked answer; empty for a question that the passage does not answer, and in a test set without answers. */
  readonly answers: readonly GoldAnswer[];
  /** SQuAD 2.0's `is_impossible`. */
  readonly isImpossible: boolean;
  /** Where it stands in the file, for messages: `data[3].paragraphs[0].qas[2]`. */
  readonly path: string;
}

/** A SQuAD file. */
export interface SquadDataset {
  /** As the file spells it: `1.1`, `v2.0`; empty if it says none. */
  readonly version: string;
  /** Whether questions may have no answer (SQuAD 2.0): by the version, or because a question says so. */
  readonly hasImpossible: boolean;
  /** In the order of the file. */
  readonly examples: readonly SquadExample[];
  /** What messages call the file. */
  readonly source: string;
}

/**
 * Reads a SQuAD file, version 1.1 or 2.0.
 *
 * @throws TrtDslError (`file`) naming the file and the path of what is missing, of another type, or given twice
 */
export const readSquad = (path: string): SquadDataset => datasetOf(JsonValue.read(path), path);

/** Reads the contents of a SQuAD file; `source` is what messages call it. See {@link readSquad}. */
export const parseSquad = (text: string, source = 'the SQuAD JSON'): SquadDataset =>
  datasetOf(JsonValue.parse(text, source), source);

function datasetOf(root: JsonValue, source: string): SquadDataset {
  const version = root.has('version') ? root.at('version').string() : '';
  const examples = root
    .at('data')
    .array()
    .flatMap((article) => article.at('paragraphs').array().flatMap(paragraphExamples));
  const paths = new Map<string, string>();
  for (const { id, path } of examples) {
    const before = paths.get(id);
    if (before !== undefined) {
      throw new JsonValue(id, source, `${path}.id`).error(`repeats ${JSON.stringify(id)}, the id of ${before}`);
    }
    paths.set(id, path);
  }
  return {
    version,
    hasImpossible: /^v?2/.test(version) || examples.some(({ isImpossible }) => isImpossible),
    examples,
    source,
  };
}

function paragraphExamples(paragraph: JsonValue): SquadExample[] {
  const passage = paragraph.at('context').string();
  return paragraph
    .at('qas')
    .array()
    .map((qa) => ({
      id: qa.at('id').string(),
      question: qa.at('question').string(),
      passage,
      answers: qa.has('answers') ? qa.at('answers').array().map(goldAnswer) : [],
      isImpossible: qa.has('is_impossible') ? qa.at('is_impossible').boolean() : false,
      path: qa.path,
    }));
}

function goldAnswer(answer: JsonValue): GoldAnswer {
  const start = answer.at('answer_start');
  if (!Number.isInteger(start.number()) || start.number() < 0) {
    throw start.error(`expected a whole number from 0, found ${start.value}`);
  }
  return { text: answer.at('text').string(), start: start.number() };
}
