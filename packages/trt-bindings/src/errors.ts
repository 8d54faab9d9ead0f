import { type ErrorCode, TrtDslError } from '@trt-dsl/dsl';
import type { RecordedError } from './types.ts';

/**
 * What TensorRT, the CUDA driver or the binding refused. `code` is 'backend' for what the libraries reported, 'closed',
 * 'unsupported' (a method that the loaded library does not have) or 'argument' (objects that do not belong together).
 * Values of the wrong type are a plain TypeError instead.
 */
export class TensorRTError extends TrtDslError {
  /** TensorRT's own reports, from its error recorder or its log; also in the message. */
  readonly errors: readonly RecordedError[];

  constructor(code: ErrorCode, message: string, errors: readonly RecordedError[] = [], options?: ErrorOptions) {
    super(code, message, options);
    this.errors = errors;
  }
}
