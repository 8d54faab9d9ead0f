import { Child } from './child.ts';
import type { Answer, Task } from './worker.ts';

/** How a task ended: with an answer, or with the process. */
export type Ending = Answer | { readonly ended: string };

/** Seconds after which a process that still works on one task is ended. */
const patience = 90;
/** Seconds that tasks under way have once no more are begun. */
const grace = 8;
/** Processes that may end before they are ready, one after another. */
const mostStillborn = 3;

const now = (): number => performance.now() / 1000;

export interface PoolOptions {
  /** where the plan is */
  readonly plan: string;
  /** how many processes */
  readonly jobs: number;
  /** how many GPUs they have between them */
  readonly gpus: number;
  /** when no more tasks are begun, in seconds after this process began */
  readonly until: number;
}

/** Processes that share tasks. One that ends on a task is replaced. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #idle: Child[] = [];
  #begun = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** The endings in the tasks' order, undefined for those not reached. */
  async share(
    tasks: readonly Task[],
    onEnding: (task: number, ending: Ending) => void = () => {},
  ): Promise<readonly (Ending | undefined)[]> {
    const endings: (Ending | undefined)[] = tasks.map(() => undefined);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < tasks.length && now() < this.#options.until) {
        const task = next++;
        const ending = await this.#end(tasks[task]!);
        if (!ending) return;
        endings[task] = ending;
        onEnding(task, ending);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#options.jobs, tasks.length) }, work));
    return endings;
  }

  close(): void {
    for (const child of this.#idle.splice(0)) child.close();
  }

  /** A task that ends its process is tried once more: if that ends too, it is the task's doing. */
  async #end(task: Task): Promise<Ending | undefined> {
    for (let again = false; ; again = true) {
      const child = await this.#ready();
      if (!child) return undefined;
      const answer = await child.ask(task, Math.min(patience, this.#left));
      if (answer) {
        if (answer.last) child.close();
        else this.#idle.push(child);
        return answer;
      }
      const { end } = child;
      child.close();
      if (end === undefined) return this.#left > 0 ? { ended: `still at it after ${patience} s` } : undefined;
      if (again) return { ended: end };
    }
  }

  /** Seconds until all has to end. */
  get #left(): number {
    return this.#options.until + grace - now();
  }

  #begin(): Child {
    const { plan, gpus } = this.#options;
    return new Child(plan, gpus > 1 ? { CUDA_VISIBLE_DEVICES: String(this.#begun++ % gpus) } : {});
  }

  /** A process that takes tasks; none if the time is over. */
  async #ready(): Promise<Child | undefined> {
    for (let stillborn = 0; stillborn < mostStillborn; stillborn++) {
      const child = this.#idle.pop() ?? this.#begin();
      if (child.end === undefined && (await child.ready(this.#left))) return child;
      child.close();
      if (this.#left <= 0) return undefined;
    }
    throw new Error(`${mostStillborn} processes ended before they began; see what they wrote above`);
  }
}
