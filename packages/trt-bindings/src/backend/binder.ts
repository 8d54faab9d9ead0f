import {
  bindFeeds,
  type DataType,
  dataTypes,
  type Feeds,
  formatShape,
  type HostTensor,
  type TensorType,
  TrtDslError,
} from '@trt-dsl/dsl';
import type { Dims } from '../types.ts';

/** The smallest, the usual and the largest shape of each input in one profile, in the inputs' order. */
export type ProfileShapes = readonly { readonly min: Dims; readonly opt: Dims; readonly max: Dims }[];

/** A run whose feeds were checked. */
export interface Bound {
  /** the same for all runs of these shapes */
  readonly key: string;
  /** of those that take these shapes the one tuned for the nearest */
  readonly profile: number;
  /** in the inputs' order */
  readonly feeds: readonly HostTensor[];
}

/** What one input was fed, without the elements. */
interface Fed {
  readonly name: string;
  readonly dataType: DataType;
  readonly length: number;
  readonly shape: readonly number[];
  /** whether the shape was given, or followed from the elements */
  readonly given: boolean;
}

/** Checks feeds against an engine's inputs and profiles. Shapes that were those of the last run, as most are, are only compared. */
export class FeedBinder {
  readonly #inputs: ReadonlyMap<string, TensorType>;
  readonly #profiles: readonly ProfileShapes[];
  #last: { readonly key: string; readonly profile: number; readonly fed: readonly Fed[] } | undefined;

  constructor(inputs: ReadonlyMap<string, TensorType>, profiles: readonly ProfileShapes[]) {
    this.#inputs = inputs;
    this.#profiles = profiles;
  }

  /** @throws TrtDslError what bindFeeds throws, and 'shape' if no profile takes the shapes */
  bind(feeds: Feeds): Bound {
    const known = this.#last && again(this.#last.fed, feeds);
    if (known) return { key: this.#last!.key, profile: this.#last!.profile, feeds: known };
    const { tensors } = bindFeeds(this.#inputs, feeds);
    const bound = [...tensors.values()];
    const profile = nearest(this.#profiles, bound);
    if (profile === undefined) throw this.#noProfile(bound);
    const key = [profile, ...bound.map(({ shape }) => shape.join('x'))].join();
    const fed = [...tensors].map(([name, { dataType, shape, data }]) => {
      const given = (feeds[name] as { readonly shape?: unknown }).shape !== undefined;
      return { name, dataType, shape, length: data.length, given };
    });
    this.#last = { key, profile, fed };
    return { key, profile, feeds: bound };
  }

  #noProfile(fed: readonly HostTensor[]): TrtDslError {
    const names = [...this.#inputs.keys()];
    const asked = names.map((name, i) => `${name}${formatShape(fed[i]!.shape)}`).join(', ');
    const ranges = this.#profiles.map((shapes) =>
      shapes.map(({ min, max }, i) => `${names[i]} ${formatShape(min)} to ${formatShape(max)}`).join(', '),
    );
    return new TrtDslError('shape', `no profile of the engine takes ${asked}; it has ${ranges.join('; ')}`);
  }
}

/** The feeds as tensors if they have the types, lengths and shapes of `fed`; else undefined, also where they are wrong. */
function again(fed: readonly Fed[], feeds: Feeds): readonly HostTensor[] | undefined {
  if (typeof feeds !== 'object' || feeds === null || Object.keys(feeds).length !== fed.length) return undefined;
  const tensors: HostTensor[] = [];
  for (const { name, dataType, length, shape, given } of fed) {
    if (!Object.hasOwn(feeds, name)) return undefined;
    const feed: unknown = feeds[name];
    const bare = ArrayBuffer.isView(feed);
    const {
      data,
      shape: asked,
      dataType: told = dataType,
    } = (bare ? { data: feed } : (feed ?? {})) as Partial<HostTensor>;
    if (!(data instanceof dataTypes[dataType].array) || data.length !== length || told !== dataType) return undefined;
    if (given ? !isShape(asked, shape) : !bare) return undefined;
    if (dataType === 'bool' && (data as Uint8Array).some((byte) => byte > 1)) return undefined;
    tensors.push({ dataType, shape, data });
  }
  return tensors;
}

const isShape = (asked: unknown, shape: readonly number[]): boolean =>
  Array.isArray(asked) && asked.length === shape.length && shape.every((size, axis) => asked[axis] === size);

/** The profile that takes these shapes and whose usual ones are the fewest doublings away; the first of several. */
function nearest(profiles: readonly ProfileShapes[], fed: readonly HostTensor[]): number | undefined {
  let best: { readonly profile: number; readonly away: number } | undefined;
  profiles.forEach((shapes, profile) => {
    if (!holds(shapes, fed)) return;
    const away = doublings(shapes, fed);
    if (!best || away < best.away) best = { profile, away };
  });
  return best?.profile;
}

const holds = (shapes: ProfileShapes, fed: readonly HostTensor[]): boolean =>
  shapes.every(({ min, max }, i) => fed[i]!.shape.every((size, axis) => size >= min[axis]! && size <= max[axis]!));

/** Σ |log₂(size / usual size)|; an empty axis counts as one of size 1. */
const doublings = (shapes: ProfileShapes, fed: readonly HostTensor[]): number =>
  shapes
    .flatMap(({ opt }, i) =>
      fed[i]!.shape.map((size, axis) => Math.abs(Math.log2(Math.max(size, 1) / Math.max(opt[axis]!, 1)))),
    )
    .reduce((a, b) => a + b, 0);
