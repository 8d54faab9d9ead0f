/** One thing that was looked for. */
export interface Check {
  readonly name: CheckName;
  readonly ok: boolean;
  /** What was found, or what is missing, in a few words. */
  readonly found: string;
  /** What cannot be done without it; only where something is missing. */
  readonly neededFor?: string;
  /** The command that repairs it; only where something is missing and a command can. */
  readonly repair?: string;
  /** The same for programs: versions, paths, sizes in bytes. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** What can be looked for, in the order of the report; the values of `--require`. */
export const checkNames = [
  'node',
  'cpu',
  'headers',
  'addons',
  'tensorrt-rtx',
  'tensorrt-10',
  'tensorrt-11',
  'driver',
  'gpu',
  'pytorch',
] as const;

export type CheckName = (typeof checkNames)[number];
