import type { Reporter, TestModule } from 'vitest/node';

/** Ends the run with the line CI reads, `N passed, N failed`; before it says how many were skipped, where there are any. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) count.failed += 1;
      for (const test of module.children.allTests()) count[test.result().state] += 1;
    }
    const skipped = count.skipped + count.pending;
    process.stdout.write(
      `\n${skipped > 0 ? `${skipped} skipped\n` : ''}${count.passed} passed, ${count.failed} failed\n`,
    );
  }
}
