import { type Node, toNumbers } from '@trt-dsl/dsl';
import type { Context } from './context.ts';

/** Divisors up to this size are looked at to see that none is −1. */
const smallConstant = 4096;

/**
 * a ÷ b. Integers round towards zero, as C++ does; but there the smallest integer divided by −1 traps and ends the
 * process, so where b may be −1 it is the negation instead, which wraps around.
 */
export function lowerDivision(
  node: Node<'elementwise'>,
  inputs: readonly string[],
  context: Context,
): readonly string[] {
  const [a, b] = inputs as [string, string];
  const type = node.outputs[0]!.dataType;
  if (context.target !== 'cpu' || (type !== 'int32' && type !== 'int64') || neverMinusOne(b, context))
    return context.result('Div', inputs);
  const negates = context.step('negates', 'Equal', [b, context.scalar(type, -1)], {}, 'bool');
  const divisor = context.step('divisor', 'Where', [negates, context.scalar(type, 1), b], {}, type);
  const quotient = context.step('quotient', 'Div', [a, divisor]);
  return context.result('Where', [negates, context.step('negated', 'Neg', [a]), quotient]);
}

function neverMinusOne(name: string, context: Context): boolean {
  const weights = context.initializers.get(name);
  return (
    weights !== undefined && weights.size <= smallConstant && !toNumbers(weights.dataType, weights.array()).includes(-1)
  );
}
