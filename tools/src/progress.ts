import type { Progress } from './command.ts';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** How often a line is rewritten on a terminal, and written elsewhere, in milliseconds. */
const period = { terminal: 100, log: 5_000 };

/** Progress on a stream: in place where it is a terminal, a line every five seconds where it is a log. */
export function progressOn(stream: NodeJS.WritableStream & { readonly isTTY?: boolean }): Progress {
  const terminal = stream.isTTY === true;
  let shown = ''; // what stands on the terminal's last line
  let last = Date.now();

  const clear = () => {
    if (shown) stream.write(`\r${' '.repeat(shown.length)}\r`);
    shown = '';
  };
  const show = (line: string) => {
    const now = Date.now();
    if (now - last < (terminal ? period.terminal : period.log)) return;
    last = now;
    if (!terminal) return void stream.write(`${line}\n`);
    clear();
    stream.write(line);
    shown = line;
  };
  const percent = (done: number): string => `${Math.min(100, Math.floor(100 * done))}%`;
  return {
    note(line) {
      clear();
      stream.write(`${line}\n`);
    },
    bytes(what, done, total) {
      const share = total ? ` of ${megabytes(total)} (${percent(done / total)})` : '';
      show(`${what}: ${megabytes(done)}${share}`);
    },
    share: (what, done) => show(`${what}: ${percent(done)}`),
    clear,
  };
}

/** Progress that nobody watches. */
export const noProgress: Progress = { note: () => {}, bytes: () => {}, share: () => {}, clear: () => {} };
