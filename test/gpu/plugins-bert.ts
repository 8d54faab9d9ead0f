// BERT with the plugins, and without: GPU time of engines, one CUDA graph each; padded against packed.
import {
  type BertConfig,
  type BertKernels,
  bert,
  bertBase,
  bertLarge,
  bertPacked,
  randomParameters,
} from '@trt-dsl/bert-model';
import type { Graph, HostTensor, Profile } from '@trt-dsl/dsl';
import { bertKernels } from '@trt-dsl/plugins-cuda';
import { measureGpu } from '@trt-dsl/trt-bindings';
import { integers } from './integers.ts';
import { backend, pluginsIn } from './plugins-kernels.ts';
import { seeded } from './seeded.ts';
import { quantile, save, timed, timingCache } from './support.ts';

const { skipLayerNorm, embLayerNorm, qkvToContext } = bertKernels;
const configs = { base: bertBase, large: bertLarge } as const;
type Model = keyof typeof configs;

/** Which kernels; in a plan's name and in the results. */
const choices = {
  none: {},
  all: bertKernels,
  qkvToContext: { qkvToContext },
  skipLayerNorm: { skipLayerNorm },
  embLayerNorm: { embLayerNorm },
} as const satisfies Readonly<Record<string, BertKernels>>;
type Choice = keyof typeof choices;

/** What one engine is, and takes in GPU time, milliseconds. */
interface Row {
  readonly model: Model;
  readonly kernels: Choice;
  readonly form: string;
  readonly build_s: number;
  readonly plan_bytes: number;
  readonly gpu_ms: number;
  readonly gpu_p95_ms: number;
  readonly [figure: string]: unknown;
}

const word = (sentence: number, place: number): number => 1000 + ((sentence * 7919 + place * 31) % 20000);
const type = (place: number, length: number): number => (place < length / 3 ? 0 : 1);

/** Feeds `[batch, seq]`, sentences of these lengths, the rest padding. */
const paddedFeeds = (lengths: readonly number[], seq: number): Record<string, HostTensor> => {
  const shape = [lengths.length, seq];
  const at = (value: (sentence: number, place: number, length: number) => number): HostTensor =>
    integers(shape, (i) => {
      const [sentence, place] = [Math.floor(i / seq), i % seq];
      return place < lengths[sentence]! ? value(sentence, place, lengths[sentence]!) : 0;
    });
  return {
    input_ids: at(word),
    token_type_ids: at((_, place, length) => type(place, length)),
    attention_mask: at(() => 1),
  };
};

/** The same sentences one behind the other. */
const packedFeeds = (lengths: readonly number[]): Record<string, HostTensor> => {
  const starts = [0];
  for (const length of lengths) starts.push(starts.at(-1)! + length);
  const tokens = lengths.flatMap((length, sentence) =>
    Array.from({ length }, (_, place) => ({ sentence, place, length })),
  );
  return {
    input_ids: integers([tokens.length], (i) => word(tokens[i]!.sentence, tokens[i]!.place)),
    token_type_ids: integers([tokens.length], (i) => type(tokens[i]!.place, tokens[i]!.length)),
    cu_seqlens: integers([starts.length], (i) => starts[i]!),
  };
};

/** Lengths as SQuAD's features have them: log-normal, mean 160, at most 384. */
function squadLengths(count: number): readonly number[] {
  const { normal } = seeded(32);
  const drawn = Array.from({ length: count }, () => Math.exp(normal() * 0.42));
  const scale = (160 * count) / drawn.reduce((a, b) => a + b, 0);
  return drawn.map((value) => Math.min(384, Math.max(30, Math.round(value * scale))));
}

/** A measured batch: its feeds, and a name. */
type Batch = readonly [form: string, feeds: Readonly<Record<string, HostTensor>>];

interface Plan {
  readonly model: Model;
  readonly kernels: Choice;
  readonly profile: Profile;
  readonly batches: readonly Batch[];
  graph(config: BertConfig): Graph;
}

const weights = randomParameters('float16');
const task = 'question-answering';

const paddedPlan = (model: Model, kernels: Choice, batch: number, seq: number, more: readonly Batch[] = []): Plan => ({
  model,
  kernels,
  profile: { batch, seq },
  batches: [
    [
      `${batch}x${seq}`,
      paddedFeeds(
        Array.from({ length: batch }, () => seq),
        seq,
      ),
    ],
    ...more,
  ],
  graph: (config) => bert(weights, config, { task, kernels: choices[kernels] }),
});

const lengths = squadLengths(32);
const tokens = lengths.reduce((a, b) => a + b, 0);
const squad: Batch = ['32 of SQuAD, padded to 384', paddedFeeds(lengths, 384)];

const packedPlan = (model: Model): Plan => ({
  model,
  kernels: 'all',
  profile: { total: [32, tokens, 32 * 384], boundaries: 33 },
  batches: [['32 of SQuAD, packed', packedFeeds(lengths)]],
  graph: (config) => bertPacked(weights, config, { task, kernels: bertKernels }),
});

/** In the order of what matters most. */
const plans: readonly Plan[] = [
  paddedPlan('base', 'none', 32, 384, [squad]),
  paddedPlan('base', 'all', 32, 384, [squad]),
  packedPlan('base'),
  paddedPlan('base', 'none', 32, 128),
  paddedPlan('base', 'all', 32, 128),
  paddedPlan('base', 'none', 128, 128),
  paddedPlan('base', 'all', 128, 128),
  paddedPlan('base', 'qkvToContext', 32, 128),
  paddedPlan('base', 'skipLayerNorm', 32, 128),
  paddedPlan('base', 'embLayerNorm', 32, 128),
  paddedPlan('large', 'none', 32, 128),
  paddedPlan('large', 'all', 32, 128),
  paddedPlan('large', 'none', 32, 384, [squad]),
  paddedPlan('large', 'all', 32, 384, [squad]),
  packedPlan('large'),
  paddedPlan('large', 'none', 128, 128),
  paddedPlan('large', 'all', 128, 128),
];

/** Start and end logits of real tokens, in order. */
type Logits = readonly number[];
async function logitsOf(engine: Awaited<ReturnType<typeof backend.compile>>, feeds: Batch[1]): Promise<Logits> {
  const results = await engine.run(feeds);
  const mask = feeds['attention_mask']?.data as Int32Array | undefined;
  return ['start_logits', 'end_logits'].flatMap((name) =>
    [...(results[name]!.data as Float32Array)].filter((_, i) => (mask ? mask[i] === 1 : true)),
  );
}

const distance = (a: Logits, b: Logits): Record<string, number> => ({
  max_difference: a.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - b[i]!)),
    a.length === b.length ? 0 : Infinity,
  ),
  largest_logit: b.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
});

/** Builds and measures one engine after the other, saves `plugins-bert` after each; returns how many failed. */
export async function bertWithKernels(timeIsLeft: () => boolean): Promise<number> {
  const rows: Row[] = [];
  const failures: unknown[] = [];
  const left: string[] = [];
  const reference = new Map<string, Logits>();
  for (const plan of plans) {
    const { model, kernels, profile, batches } = plan;
    const title = `${model} ${kernels} ${batches[0]![0]}`;
    if (!timeIsLeft()) {
      left.push(title);
      continue;
    }
    try {
      const options = { profiles: [profile], timingCache, cudaGraph: true, lanes: 1 };
      const [engine, build_ms] = await timed(() => backend.compile(plan.graph(configs[model]), options));
      const plugins = kernels === 'none' ? [] : pluginsIn(engine);
      for (const [form, feeds] of batches) {
        const times = measureGpu(backend.tensorrt, engine, new Map(Object.entries(feeds)), { runs: 100 });
        const logits = await logitsOf(engine, feeds);
        const key = `${model} ${form.replace(/, .*/, '')}`;
        const before = reference.get(key);
        if (!before) reference.set(key, logits);
        rows.push({
          model,
          kernels,
          form,
          build_s: build_ms / 1000,
          plugins,
          plan_bytes: engine.serialize().byteLength,
          gpu_ms: quantile(times, 0.5),
          gpu_p95_ms: quantile(times, 0.95),
          ...(before && distance(logits, before)),
        });
        const { gpu_ms, build_s } = rows.at(-1)!;
        process.stdout.write(
          `${model} ${kernels} ${form}: ${gpu_ms.toFixed(3)} ms, built in ${build_s.toFixed(1)} s\n`,
        );
      }
      engine.close();
    } catch (error) {
      failures.push({ title, error: `${(error as Error).message}`.slice(0, 800) });
    }
    save('plugins-bert', { type: 'float16', squad: { sentences: 32, tokens, padded: 32 * 384 }, rows, failures, left });
  }
  return failures.length;
}
