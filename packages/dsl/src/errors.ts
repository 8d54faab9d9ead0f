/** What went wrong, as a word that programs can test and that never changes between releases. */
export type ErrorCode =
  | 'argument' // a value that the called function cannot take
  | 'data-type' // tensors whose data types do not go together
  | 'shape' // tensors whose shapes do not go together
  | 'name' // a name used twice, or one that nothing bears
  | 'file' // a file that cannot be read as what it should be
  | 'weights' // a weight that is missing, unused or of another shape
  | 'unsupported' // legal in the DSL, but not on the backend that was asked
  | 'closed' // an object used after close()
  | 'backend'; // an error that a backend's own library reported

/** Base of every error this project throws on purpose. `message` says where, what was expected and what was found. */
export class TrtDslError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** `the message of error` for anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
