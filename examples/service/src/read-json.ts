import type { IncomingMessage } from 'node:http';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/** A request that is refused, with the status that says so. */
export class HttpError extends TrtDslError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super('argument', message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * The JSON of a request's body. One that is too long is read to its end all the same, and forgotten: a client that still
 * writes when the connection closes gets an error of its socket, and never the answer.
 * @throws HttpError 413 beyond `maxBytes`, 400 if it is no JSON in UTF-8
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > maxBytes) throw new HttpError(413, `the request is longer than ${maxBytes} bytes`);
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new HttpError(400, `the request is no JSON: ${messageOf(error)}`);
  }
}
