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

/** The JSON of a request's body. @throws HttpError 413 beyond `maxBytes`, 400 if it is no JSON in UTF-8 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLong = (): HttpError =>
    new HttpError(413, `the request is longer than ${maxBytes} bytes`, { connection: 'close' });
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLong();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new HttpError(400, `the request is no JSON: ${messageOf(error)}`);
  }
}
