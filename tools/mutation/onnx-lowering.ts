import type { Node } from '@trt-dsl/dsl';

/** The lowering table of the ONNX backend and its context, as far as mutations reach into them. */
export interface OnnxLowering {
  /** the table itself: entries are replaced while a mutation is in force */
  readonly lowerings: Record<string, Lower>;
  /** where lowerings write; its methods are replaced likewise */
  readonly context: ContextMethods;
}

export type Lower = (node: Node, inputs: readonly string[], context: object) => readonly string[];

export interface Output {
  readonly name: string;
  readonly dataType: string;
}

export type OnnxAttributes = Readonly<Record<string, unknown>>;

export interface ContextMethods {
  emit(
    opType: string,
    inputs: readonly string[],
    outputs: readonly Output[],
    attributes?: OnnxAttributes,
    name?: string,
  ): readonly string[];
  integers(values: readonly number[]): string;
}

/** The built modules of packages/onnx-backend, the same that `@trt-dsl/onnx-backend` is made of. */
export async function onnxLowering(): Promise<OnnxLowering> {
  const built = new URL('./lower/', import.meta.resolve('@trt-dsl/onnx-backend'));
  const { lowerings } = (await import(new URL('lowerings.js', built).href)) as { lowerings: Record<string, Lower> };
  const { Context } = (await import(new URL('context.js', built).href)) as { Context: { prototype: ContextMethods } };
  return { lowerings, context: Context.prototype };
}
