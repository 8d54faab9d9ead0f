// What the files of hostile cases share. A case is one hostile use of the addon, in a process of its own:
//   node --expose-gc hostile….mjs <addon> <library> <case> [<library that stands in for TensorRT's runtime>]
// It passes when the process ends by itself with status 0; the sanitized build (`npm run sanitize`) sees freed memory besides.
import { createRequire } from 'node:module';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const given = isMainThread ? process.argv.slice(2) : workerData;
export const [addonPath, libraryPath, name, standInPath] = given;
export const addon = createRequire(import.meta.url)(addonPath);
export const library = addon.load(libraryPath);

/** Moves the memory of a view elsewhere. */
export const transfer = (view) => structuredClone(view.buffer, { transfer: [view.buffer] });
/** Frees the memory of buffers that were transferred, and lets finalizers run. */
export async function collect() {
  for (let k = 0; k < 3; k++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Another thread, which does what `workers` has for this case. */
export const worker = () => new Worker(process.argv[1], { workerData: given });
export const ended = (thread) => new Promise((resolve) => thread.once('exit', resolve));

/** Starts threads one after the other; thread k is terminated `delayOf(k)` milliseconds after it said that it is at work. */
export async function terminateWorkers(count, delayOf) {
  for (let k = 0; k < count; k++) {
    const thread = worker();
    await new Promise((resolve) => thread.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, delayOf(k)));
    await Promise.all([ended(thread), thread.terminate()]);
  }
}

/** Runs the case that was asked for, or a worker thread's part of it. */
export async function run(cases, workers) {
  if (!isMainThread) return workers[name](parentPort);
  await cases[name]();
  console.log('passed');
}
