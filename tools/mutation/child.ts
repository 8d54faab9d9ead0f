import { type ChildProcess, fork } from 'node:child_process';
import type { Answer, Task } from './worker.ts';

/** A process that takes tasks, one at a time. */
export class Child {
  readonly #process: ChildProcess;
  #heard: (answer?: Answer) => void = () => {};
  #born = false;
  /** how it ended, if it did */
  end: string | undefined;

  /** @param env variables besides this process's own */
  constructor(plan: string, env: Readonly<Record<string, string>> = {}) {
    const worker = new URL('./worker.js', import.meta.url);
    this.#process = fork(worker, [plan], { serialization: 'advanced', env: { ...process.env, ...env } });
    this.#process.on('message', (answer) => this.#heard(answer as Answer));
    this.#process.on('error', () => {});
    this.#process.on('exit', (code, signal) => {
      this.end = `the process ended with ${signal ?? code}`;
      this.#heard();
    });
  }

  /** Whether it takes tasks, within that time. */
  async ready(seconds: number): Promise<boolean> {
    this.#born ||= (await this.#answer(seconds)) !== undefined;
    return this.#born && this.end === undefined;
  }

  /** Its answer; nothing if it ends first, or is not done in that time. */
  ask(task: Task, seconds: number): Promise<Answer | undefined> {
    this.#process.send(task, () => {});
    return this.#answer(seconds);
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }

  #answer(seconds: number): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#heard(), Math.max(0, seconds) * 1000);
      this.#heard = (answer) => {
        clearTimeout(timer);
        resolve(answer);
      };
    });
  }
}
