import { isDataType, messageOf, parseDim, type TensorType, TrtDslError } from '@trt-dsl/dsl';
import { bytesView } from './bytes.ts';

/** What a plan of TensorRT's does not say: the names of open sizes, and what made it. */
export interface PlanNotes {
  readonly product: string;
  readonly version: string;
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  /** plugins inside, `name@version` */
  readonly plugins: readonly string[];
  /** file names of the plugin libraries that were loaded when a plan with plugins was built */
  readonly pluginLibraries?: readonly string[];
  /** whether the plan brings code: the runtime of a `versionCompatible` engine */
  readonly hostCode?: boolean;
}

const magic = 'trt-dsl plan notes 1';
const footer = 8 + magic.length;

/** The plan with the notes behind it; TensorRT itself reads no further than its own part. */
export function appendNotes(plan: Uint8Array, notes: PlanNotes): Uint8Array {
  const types = (tensors: ReadonlyMap<string, TensorType>): unknown =>
    [...tensors].map(([name, { dataType, shape }]) => ({ name, dataType, shape: shape.map(String) }));
  const json = new TextEncoder().encode(
    JSON.stringify({ ...notes, inputs: types(notes.inputs), outputs: types(notes.outputs) }),
  );
  const whole = new Uint8Array(plan.length + json.length + footer);
  whole.set(plan);
  whole.set(json, plan.length);
  new DataView(whole.buffer).setBigUint64(plan.length + json.length, BigInt(json.length), true);
  whole.set(new TextEncoder().encode(magic), whole.length - magic.length);
  return whole;
}

/**
 * Parts a serialized engine into TensorRT's plan and our notes; a plan from elsewhere has none.
 * @throws TrtDslError 'file' if the notes are damaged
 */
export function splitNotes(bytes: Uint8Array): { readonly plan: Uint8Array; readonly notes: PlanNotes | undefined } {
  const whole = bytesView(bytes);
  if (whole.length === 0) throw new TrtDslError('file', 'plan: it is empty');
  const text = new TextDecoder();
  if (whole.length < footer || text.decode(whole.subarray(whole.length - magic.length)) !== magic)
    return { plan: whole, notes: undefined };
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  const length = Number(view.getBigUint64(whole.length - footer, true));
  const start = whole.length - footer - length;
  if (!(start > 0)) throw new TrtDslError('file', `plan: its notes claim ${length} of ${whole.length} bytes`);
  try {
    return { plan: whole.subarray(0, start), notes: decode(text.decode(whole.subarray(start, start + length))) };
  } catch (error) {
    throw new TrtDslError('file', `plan: its notes, ${length} bytes from ${start}, are damaged: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function decode(text: string): PlanNotes {
  const json = JSON.parse(text);
  const isText = (value: unknown): boolean => typeof value === 'string';
  const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
  const { product, version, plugins, pluginLibraries = [] } = json;
  if (![product, version].every(isText) || ![plugins, pluginLibraries].every(isTexts))
    throw new TrtDslError('file', 'no product, version and lists of plugins');
  return { ...json, inputs: typesOf(json.inputs), outputs: typesOf(json.outputs) };
}

const typesOf = (
  list: readonly { readonly name: unknown; readonly dataType: unknown; readonly shape: readonly string[] }[],
): ReadonlyMap<string, TensorType> =>
  new Map(
    list.map(({ name, dataType, shape }) => {
      if (!isDataType(dataType)) throw new TrtDslError('data-type', `there is no type ${String(dataType)}`);
      return [String(name), { dataType, shape: shape.map(parseDim) }];
    }),
  );
