import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import { QueueFullError } from './batcher.ts';
import type { Embedder } from './embedder.ts';
import type { Metrics } from './metrics.ts';
import { embeddingList, readRequest } from './openai.ts';
import { HttpError, readJson } from './read-json.ts';

/** What a server answers with. */
export interface ServerParts {
  readonly embedder: Embedder;
  readonly metrics: Metrics;
  /** the model's name in answers */
  readonly name: string;
  /** texts of a request at most */
  readonly maxTexts: number;
  /** numbers of an embedding */
  readonly width: number;
  /** told of failures that are not the client's */
  readonly onError: (message: string) => void;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Handler = (request: IncomingMessage, signal: AbortSignal) => Promise<Answer>;

/** What is counted, as nginx does, where nobody waits for the answer any more. */
const clientLeft = 499;

/** Bytes of a request at most. */
const maxBytes = 4 * 2 ** 20;

/** A server of embeddings, not listening yet. */
export class EmbeddingServer {
  readonly http: Server;
  readonly #parts: ServerParts;
  readonly #routes: Readonly<Record<string, Readonly<Record<string, Handler>>>>;
  readonly #answering = new Set<Promise<void>>();
  #draining = false;

  constructor(parts: ServerParts) {
    this.#parts = parts;
    const { embedder, metrics, maxTexts, name, width } = parts;
    this.#routes = {
      '/v1/embeddings': {
        POST: async (request, signal) => {
          const { texts, format } = readRequest(await readJson(request, maxBytes), { maxTexts, width });
          return { body: embeddingList(await embedder.embed(texts, signal), format, name) };
        },
      },
      '/healthz': {
        GET: async () => (this.#draining ? { status: 503, body: { status: 'draining' } } : { body: { status: 'ok' } }),
      },
      '/metrics': {
        GET: async () => ({
          headers: { 'content-type': metrics.registry.contentType },
          body: await metrics.registry.metrics(),
        }),
      },
    };
    this.http = createServer((request, response) => {
      const answered = this.#answer(request, response).finally(() => this.#answering.delete(answered));
      this.#answering.add(answered);
    });
    this.http.requestTimeout = 30_000;
  }

  /** Finishes what was asked, then closes all connections and the embedder. */
  async close(): Promise<void> {
    this.#draining = true;
    const closed = new Promise<void>((resolve) => this.http.close(() => resolve()));
    this.http.closeIdleConnections();
    await Promise.all(this.#answering);
    this.http.closeAllConnections(); // those that never asked
    await this.#parts.embedder.close();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer: Answer = await this.#route(request, gone.signal).catch((error: unknown) =>
      gone.signal.aborted ? { status: clientLeft, body: '' } : this.#refusal(error),
    );
    const { status = 200, headers, body } = answer;
    this.#parts.metrics.request(status);
    if (gone.signal.aborted) return;
    const sent = once(response, 'close');
    const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      ...(this.#draining && { connection: 'close' }),
      ...headers,
    });
    response.end(text);
    await sent;
  }

  async #route(request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
    const [path] = (request.url ?? '').split('?', 1);
    const methods = Object.hasOwn(this.#routes, path!) ? this.#routes[path!]! : undefined;
    if (!methods) throw new HttpError(404, `there is no ${path}; there are ${Object.keys(this.#routes).join(', ')}`);
    const method = request.method === 'HEAD' ? 'GET' : request.method!;
    if (!Object.hasOwn(methods, method))
      throw new HttpError(405, `${path} takes ${Object.keys(methods).join(', ')}`, {
        allow: Object.keys(methods).join(', '),
      });
    return methods[method]!(request, signal);
  }

  #refusal(error: unknown): Answer {
    const { status, headers } = this.#statusOf(error);
    const message = status === 500 ? 'the batch failed; the log says why' : messageOf(error);
    if (status === 500) this.#parts.onError(messageOf(error));
    const type = status >= 500 ? 'server_error' : 'invalid_request_error';
    return { status, headers, body: { error: { message, type, param: null, code: null } } };
  }

  #statusOf(error: unknown): { readonly status: number; readonly headers: Readonly<Record<string, string>> } {
    if (error instanceof HttpError) return error;
    const later = error instanceof QueueFullError || (error instanceof TrtDslError && error.code === 'closed');
    return later ? { status: 503, headers: { 'retry-after': '1' } } : { status: 500, headers: {} };
  }
}
