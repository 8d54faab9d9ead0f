import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext, Report } from '@trt-dsl/tools';
import { AggregatorRegistry } from 'prom-client';
import { listen } from './listen.ts';
import type { ServeArgs } from './serve.ts';

/** Processes that may end one after the other before one of them listens. */
const most = 3;
/** Milliseconds that processes have to finish what they were asked. */
const grace = 30_000;

/**
 * Runs this command line in several processes that share its port, and replaces those that end. Node's cluster hands
 * connections to them in turn.
 */
export async function runProcesses(args: ServeArgs, { progress, signal }: CommandContext): Promise<Report> {
  const running = new Set<Worker>();
  const failed = new AbortController();
  const stopping = AbortSignal.any([signal, failed.signal]);
  let inVain = 0;
  let replaced = 0;

  const keep = async (place: number): Promise<void> => {
    while (!stopping.aborted) {
      const worker = cluster.fork(args.gpus === undefined ? {} : { CUDA_VISIBLE_DEVICES: String(place % args.gpus) });
      running.add(worker);
      let listened = false;
      worker.once('listening', ({ port }) => {
        listened = true;
        inVain = 0;
        progress.note(`process ${worker.process.pid} listens on port ${port}`);
      });
      const [code, by] = (await once(worker, 'exit')) as [number | null, string | null];
      running.delete(worker);
      if (stopping.aborted) return;
      progress.note(`process ${worker.process.pid} ended (${by ?? `exit code ${code}`})`);
      if (!listened && ++inVain >= most) {
        failed.abort();
        throw new TrtDslError(
          'backend',
          `${most} processes in a row ended before they listened; the last: ${by ?? `exit code ${code}`}`,
        );
      }
      replaced += 1;
      await setTimeout(500 * 2 ** inVain, undefined, { signal: stopping }).catch(() => {});
    }
  };

  const metrics = await serveMetrics(args, (line) => progress.note(line));
  stopping.addEventListener('abort', () => end(running), { once: true });
  try {
    await Promise.all(Array.from({ length: args.processes }, (_, place) => keep(place)));
  } finally {
    metrics.close();
    metrics.closeAllConnections();
  }
  return {
    json: { processes: args.processes, replaced },
    text: `${args.processes} processes ended, ${replaced} had been replaced`,
  };
}

/** Asks processes to finish, and ends those that do not. */
function end(running: ReadonlySet<Worker>): void {
  for (const worker of running) worker.process.kill('SIGTERM');
  setTimeout(grace, undefined, { ref: false }).then(() => {
    for (const worker of running) worker.process.kill('SIGKILL');
  });
}

/** The sums of what all processes count. */
async function serveMetrics(args: ServeArgs, say: (line: string) => void) {
  const all = new AggregatorRegistry();
  const port = args['metrics-port'] ?? (args.port && args.port + 1);
  const server = createServer(async (_, response) => {
    try {
      const text = await all.clusterMetrics();
      response.writeHead(200, { 'content-type': all.contentType }).end(text);
    } catch (error) {
      response.writeHead(503).end(`${(error as Error).message}\n`);
    }
  });
  say(`metrics of all processes on port ${await listen(server, args.host, port)}`);
  return server;
}
