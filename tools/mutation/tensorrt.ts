import { type Graph, withoutPlugins } from '@trt-dsl/dsl';
import { type TensorRT, tensorrt } from '@trt-dsl/trt-bindings';
import { type Call, type Lower, Lowering, type Make, type Mistake, type Place } from './lowering.ts';
import { kindOf, mistakesOf, type Seen, textOf, varietyOf } from './tensorrt-calls.ts';

type Network = Readonly<Record<string, unknown>>;
type Method = (...args: readonly unknown[]) => unknown;
type LowerGraph = (graph: Graph, tensorrt: TensorRT, network: unknown) => void;

/** A value of the lowering, as far as this reaches into it. */
interface Value {
  readonly rank: number;
  at(rank: number): unknown;
  readonly wide?: () => unknown;
}

/** What makes an operand of the rank that its layer wants. It is no row of the table, but has mistakes like one. */
const lift = 'operand of lower rank';

/**
 * TensorRT's table. Its calls are the methods of INetworkDefinition and of the layers they give, these named after
 * both: `addShuffle.setReshapeDimensions`. What a value adds only when it is asked for, such as a constant or the
 * rounding of a wide sum, is the doing of the row that made the value.
 */
export class TensorRTLowering extends Lowering {
  readonly #tensorrt: TensorRT;
  readonly #lowerGraph: LowerGraph;
  /** one for all networks: making a builder takes TensorRT longer than a network */
  readonly #builder: ReturnType<TensorRT['createInferBuilder']>;
  readonly #watched = new WeakSet<object>();
  #made: string[] = [];

  private constructor(library: TensorRT, lowerGraph: LowerGraph) {
    super();
    this.#tensorrt = library;
    this.#lowerGraph = lowerGraph;
    this.#builder = library.createInferBuilder();
  }

  /** Opens the built modules of packages/trt-bindings, the same that `@trt-dsl/trt-bindings` is made of. */
  static async open(product: 'trt10' | 'rtx'): Promise<TensorRTLowering> {
    const built = new URL('./lowering/', import.meta.resolve('@trt-dsl/trt-bindings'));
    const { lowerings } = (await import(new URL('layers.js', built).href)) as { lowerings: Record<string, Lower> };
    const { lowerGraph } = (await import(new URL('lower.js', built).href)) as { lowerGraph: LowerGraph };
    const lowering = new TensorRTLowering(tensorrt({ product }).tensorrt, lowerGraph);
    lowering.open(lowerings);
    return lowering;
  }

  network(graph: Graph): string {
    using network = this.#builder.createNetworkV2(this.#tensorrt.product === 'trt10' ? ['STRONGLY_TYPED'] : []);
    this.#made = [];
    this.#lowerGraph(withoutPlugins(graph), this.#tensorrt, network);
    return this.#made.join('\n');
  }

  describe({ args }: Call, seen: Seen = []): Seen {
    return Array.from({ length: Math.max(seen.length, args.length) }, (_, i) => kindOf(args[i]) ?? seen[i]);
  }

  override variety({ args }: Call): string {
    return args.map(varietyOf).join(' ');
  }

  mistakes(name: string, seen: Seen): readonly Mistake[] {
    return mistakesOf(name, seen);
  }

  protected override prepared(context: object): object {
    if (this.#watched.has(context)) return context;
    this.#watched.add(context);
    const { network } = context as { network: Network };
    return Object.assign(context, { network: this.#watchedNetwork(network) });
  }

  protected override lowered(place: Place, outputs: readonly unknown[]): readonly unknown[] {
    return (outputs as readonly Value[]).map(
      (value) =>
        new Proxy(value, {
          get: (_, key) => {
            const { wide } = value;
            if (key === 'at') return (rank: number) => this.#at(value, place, rank);
            if (key === 'wide' && wide) return () => this.within(place, wide);
            return Reflect.get(value, key, value);
          },
        }),
    );
  }

  #at(value: Value, maker: Place, rank: number): unknown {
    const lifted = rank !== value.rank && maker.row !== 'constant';
    const place = lifted && this.place ? { row: lift, node: this.place.node } : maker;
    return this.within(place, () => value.at(rank));
  }

  #watchedNetwork(network: Network): Network {
    const make: Make = ({ name, args }) => {
      this.#made.push(`${name}(${args.map(textOf).join(', ')})`);
      return (network[name] as Method).apply(network, [...args]);
    };
    return new Proxy(network, {
      get: (_, key) => {
        const method = network[String(key)];
        if (typeof method !== 'function') return method;
        if (!String(key).startsWith('add')) return method.bind(network);
        return (...args: readonly unknown[]) => {
          const added = this.pass({ name: String(key), args }, make) as object;
          return 'getOutput' in added ? this.#watchedLayer(added as Network, String(key)) : added;
        };
      },
    });
  }

  #watchedLayer(layer: Network, adder: string): Network {
    const setter =
      (key: string): Method =>
      (...args) => {
        const name = key === 'setInput' ? `${adder}.setInput(${args[0]})` : `${adder}.${key}`;
        return this.pass({ name, args }, (call) => {
          // A layer that a mistake put in another's place takes none of its settings.
          if (typeof layer[key] !== 'function') return;
          this.#made.push(`${name}(${call.args.map(textOf).join(', ')})`);
          (layer[key] as Method).apply(layer, [...call.args]);
        });
      };
    return new Proxy(layer, {
      get: (_, key) => {
        const word = String(key);
        if (word.startsWith('set') && word !== 'setName') return setter(word);
        const method = layer[word];
        return typeof method === 'function' ? method.bind(layer) : method;
      },
    });
  }
}
