/**
 * A reporter that ends the output with the line `N passed, N failed` (and `, N skipped` where tests were skipped),
 * after one line for each skipped test with its reason: for people in a hurry and for scripts.
 */
import type { Reporter, TestModule } from 'vitest/node';

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      count.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        count[result.state]++;
        if (result.state === 'skipped' && result.note)
          console.log(`skipped: ${test.fullName}: ${result.note}`);
      }
    }
    // A test that never finished did not pass.
    const failed = count.failed + count.pending;
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : '';
    console.log(`${count.passed} passed, ${failed} failed${skipped}`);
  }
}
