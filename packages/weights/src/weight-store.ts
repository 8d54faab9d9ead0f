import { type ConversionLoss, type DataType, dataTypes, type FloatType, TrtDslError, Weights } from '@trt-dsl/dsl';
import { matches, type Pattern, type Problem, WeightsError } from './accounting.ts';
import type { Parameters } from './block.ts';
import { nearest } from './nearest.ts';
import { type Part, part, transposed } from './views.ts';
import type { WeightsFile } from './weights-file.ts';

/** Where a file keeps what a model asks for. */
export interface SourceKey {
  readonly key: string;
  /** one of several equal pieces of the stored tensor, cut before transposing */
  readonly part?: Part | undefined;
  /** whether the last two axes lie the other way round in the file, as PyTorch's `[out, in]` kernels do */
  readonly transpose?: boolean | undefined;
}

/** How a kind of file names a model's weights: data that a model's package declares, so that nothing is guessed. */
export interface Naming {
  readonly name: string;
  /**
   * @param path the model's name: scopes and key, with `/` between them
   * @returns where the file keeps it; several places are tried in order; none if this kind of file never has it
   */
  rename(path: string): SourceKey | readonly SourceKey[] | undefined;
  /** the file's keys that are no weights of the model: optimizer slots, counters; never reported as unused */
  readonly ignore?: readonly Pattern[];
}

export interface WeightStoreOptions {
  /** without one, the file's keys are the model's names */
  readonly naming?: Naming | undefined;
  /** more keys that are never reported as unused */
  readonly ignore?: readonly Pattern[] | undefined;
}

/** What the conversion of one tensor to the store's type lost. */
export interface Loss extends ConversionLoss {
  /** the model's name */
  readonly name: string;
  readonly to: DataType;
  readonly count: number;
}

/** What all scopes of a store share. */
interface Shared<D extends FloatType> {
  readonly file: WeightsFile;
  readonly dataType: D;
  readonly naming: Naming;
  readonly ignore: readonly Pattern[];
  readonly used: Set<string>;
  readonly losses: Loss[];
  /** by place in the file, so that tied weights are one constant */
  readonly views: Map<string, Weights>;
}

const sameNames: Naming = { name: 'as in the file', rename: (key) => ({ key }) };
const asType = (dataType: DataType, shape: readonly number[]): string => `${dataType}[${shape.join(', ')}]`;
const same = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);

/**
 * A file's weights under a model's names, by scopes, in one float type. Shapes are checked when a weight is looked up,
 * bytes are read when a backend asks for them, and every key that was taken is accounted for.
 */
export class WeightStore<out D extends FloatType> implements Parameters<D> {
  readonly #shared: Shared<D>;
  readonly #problems: Problem[] | undefined;
  /** the scope: names of scopes with `/` between them; '' for the whole store */
  readonly path: string;

  private constructor(shared: Shared<D>, path: string, problems?: Problem[]) {
    this.#shared = shared;
    this.path = path;
    this.#problems = problems;
  }

  /**
   * A store over an open file.
   * @param dataType the type in which the model computes; float weights of another type are converted (nearest even) when
   * they are read, see `losses`
   */
  static of<D extends FloatType>(file: WeightsFile, dataType: D, options: WeightStoreOptions = {}): WeightStore<D> {
    const { naming = sameNames, ignore = [] } = options;
    const all = [...(naming.ignore ?? []), ...ignore];
    const empty = { used: new Set<string>(), losses: [], views: new Map<string, Weights>() };
    return new WeightStore<D>({ file, dataType, naming, ignore: all, ...empty }, '');
  }

  get file(): WeightsFile {
    return this.#shared.file;
  }

  get dataType(): D {
    return this.#shared.dataType;
  }

  /** The same store one scope deeper: `scope('encoder').scope('layer_0')` or `scope('encoder/layer_0')`. */
  scope(name: string): WeightStore<D> {
    return new WeightStore(this.#shared, this.#join(name), this.#problems);
  }

  /**
   * The float weights `name` of this scope in the store's type.
   * @throws TrtDslError 'weights' if there are none (the nearest names are told), 'shape' if they have another shape,
   * 'data-type' if they are integers
   */
  get<const S extends readonly number[]>(name: string, shape: S): Weights<D, S['length']> {
    return this.getAs(name, shape, this.dataType);
  }

  /**
   * The weights `name` of this scope in a type other than the store's: integers, or a float that is kept wider.
   * @throws as `get`
   */
  getAs<E extends DataType, const S extends readonly number[]>(
    name: string,
    shape: S,
    dataType: E,
  ): Weights<E, S['length']> {
    const path = this.#join(name);
    try {
      return this.#find(path, shape, dataType) as Weights<E, S['length']>;
    } catch (error) {
      if (!(error instanceof LookupError) || !this.#problems) throw error;
      this.#problems.push({ name: path, kind: error.kind, message: error.message });
      return placeholder(path, dataType, shape, error);
    }
  }

  /** Whether the file has weights by that name of this scope. */
  has(name: string): boolean {
    return this.#place(this.#join(name)) !== undefined;
  }

  /** Every key of the file, as the file spells them; scopes do not narrow them. */
  keys(): readonly string[] {
    return this.file.keys();
  }

  /** The file's keys that nobody asked for, but for those that are to be ignored. */
  unused(): readonly string[] {
    const { used, ignore } = this.#shared;
    return this.keys().filter((key) => !used.has(key) && !ignore.some((pattern) => matches(pattern, key)));
  }

  /** What conversions lost, for each tensor that was read and lost something. */
  losses(): readonly Loss[] {
    return [...this.#shared.losses];
  }

  /**
   * Builds a model and reports everything in which it and the file do not fit at once: missing weights, other shapes,
   * keys that were not used. Meanwhile a missing weight is stood in for by one of the wanted shape.
   * @param build builds with the store it is given; not asynchronously
   * @param options.allowUnused keys that may be left over, `*` for anything
   * @example const graph = store.strict((weights) => bert(weights, config), { allowUnused: ['cls/*'] });
   * @throws WeightsError 'weights'; TrtDslError 'argument' if `build` returns a promise
   */
  strict<T>(build: (store: WeightStore<D>) => T, options: { readonly allowUnused?: readonly Pattern[] } = {}): T {
    const problems: Problem[] = [];
    let result: T;
    try {
      result = build(new WeightStore(this.#shared, this.path, problems));
    } catch (error) {
      if (problems.length === 0) throw error;
      throw new WeightsError(this.file.path, problems, [], { cause: error });
    }
    if (result instanceof Promise) {
      result.catch(() => {}); // what becomes of it does not matter any more
      throw new TrtDslError('argument', 'strict: build is asynchronous; what it waits for belongs in front of strict');
    }
    const { allowUnused = [] } = options;
    const unused = this.unused().filter((key) => !allowUnused.some((pattern) => matches(pattern, key)));
    if (problems.length + unused.length === 0) return result;
    throw new WeightsError(this.file.path, problems, unused);
  }

  #join(name: string): string {
    return this.path === '' ? name : `${this.path}/${name}`;
  }

  /** The places where a name may be, the preferred first. */
  #places(path: string): readonly SourceKey[] {
    const places = this.#shared.naming.rename(path);
    if (places === undefined) return [];
    return Array.isArray(places) ? (places as readonly SourceKey[]) : [places as SourceKey];
  }

  #place(path: string): SourceKey | undefined {
    return this.#places(path).find(({ key }) => this.file.has(key));
  }

  #find(path: string, shape: readonly number[], dataType: DataType): Weights {
    const place = this.#place(path);
    if (place === undefined) throw this.#missing(path, asType(dataType, shape));
    this.#shared.used.add(place.key);
    const weights = this.#shaped(path, place, asType(dataType, shape));
    const wanted = asType(dataType, shape);
    const where = `${this.file.path}${place.key === path ? '' : ` (there "${place.key}")`}`;
    if (!same(weights.shape as readonly number[], shape)) {
      const other = same([...(weights.shape as readonly number[])].reverse(), shape) && shape.length === 2;
      const hint = other ? '; the file holds the transpose, which a naming has to declare' : '';
      throw new LookupError('shape', 'mismatch', `weights "${path}": wanted ${wanted}, ${where} has ${weights}${hint}`);
    }
    if (dataTypes[weights.dataType].kind !== dataTypes[dataType].kind)
      throw new LookupError('data-type', 'mismatch', `weights "${path}": wanted ${wanted}, ${where} has ${weights}`);
    return weights.as(dataType, (loss) => this.#shared.losses.push(loss));
  }

  /** The view of a place, where the stored shape allows it. */
  #shaped(path: string, place: SourceKey, wanted: string): Weights {
    try {
      return this.#view(path, place);
    } catch (error) {
      if (!(error instanceof TrtDslError && error.code === 'shape')) throw error;
      throw new LookupError('shape', 'mismatch', `weights "${path}": wanted ${wanted}, but ${error.message}`);
    }
  }

  #view(path: string, { key, part: piece, transpose }: SourceKey): Weights {
    const id = JSON.stringify([key, piece ?? null, transpose ?? false]);
    let view = this.#shared.views.get(id);
    if (view === undefined) {
      const stored = this.file.get(key);
      const cut = piece ? part(stored, piece) : stored;
      const { dataType, shape } = cut;
      const named = Weights.from({ name: path, dataType, shape: shape as readonly number[], read: () => cut.bytes() });
      view = transpose ? transposed(named) : named;
      this.#shared.views.set(id, view);
    }
    return view;
  }

  #missing(path: string, wanted: string): LookupError {
    const { naming, file } = this.#shared;
    const places = this.#places(path).map(({ key }) => key);
    const [first = path] = places;
    const sought =
      places.length === 0
        ? `; weights named ${naming.name} have none`
        : first === path && places.length === 1
          ? ''
          : `; sought as ${places.map((key) => `"${key}"`).join(', ')}`;
    const text = `no weight "${path}" (wanted as ${wanted}${sought}) in ${file.path}; ${nearest(first, file.keys())}`;
    return new LookupError('weights', 'missing', text);
  }
}

/** A lookup that failed, before it is known whether that is thrown or collected. */
class LookupError extends TrtDslError {
  readonly kind: Problem['kind'];

  constructor(code: 'weights' | 'shape' | 'data-type', kind: Problem['kind'], message: string) {
    super(code, message);
    this.name = 'TrtDslError';
    this.kind = kind;
  }
}

const placeholder = <E extends DataType, S extends readonly number[]>(
  name: string,
  dataType: E,
  shape: S,
  error: TrtDslError,
): Weights<E, S['length']> =>
  Weights.from<E, S>({
    name,
    dataType,
    shape,
    read: () => {
      throw error;
    },
  });
