import { TrtDslError } from './errors.ts';
import { Tensor } from './tensor.ts';
import { Weights } from './weights.ts';

/** Errors whose messages already say at which layer they happened. */
const told = new WeakSet<TrtDslError>();

/** `error` with `where` in front of its message, once; wrong kinds of arguments that fell through count as 'argument'. */
export function located(where: string, error: unknown): unknown {
  if (error instanceof TrtDslError && told.has(error)) return error;
  const result =
    error instanceof TrtDslError
      ? new TrtDslError(
          error.code,
          `${where}: ${error.message}`,
          error.cause === undefined ? {} : { cause: error.cause },
        )
      : error instanceof TypeError || error instanceof RangeError
        ? new TrtDslError('argument', `${where}: wrong arguments: ${error.message}`, { cause: error })
        : undefined;
  if (!result) return error;
  told.add(result);
  return result;
}

/** An argument as a message shows it: a tensor by its type, anything else in a few characters. */
export function describe(value: unknown): string {
  if (value instanceof Tensor || value instanceof Weights) return String(value);
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (Array.isArray(value))
    return value.length > 8 ? `[${value.length} elements]` : `[${value.map(describe).join(', ')}]`;
  if (typeof value === 'function') return 'pluginName' in value ? String(value.pluginName) : 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  const dim = Object.getPrototypeOf(value) !== Object.prototype && Object.hasOwn(value, 'terms');
  if (dim) return String(value);
  const names = Object.keys(value);
  return names.length > 0 && names.length <= 4 ? `{ ${names.join(', ')} }` : '{…}';
}
