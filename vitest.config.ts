import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The slowest files, in the order in which they begin: before all others, so that no worker is left alone with one of them at the end, and those
 * that start many processes beside those that wait. vitest knows the slow ones by itself only where it has run before, and a fresh clone has not.
 */
const slowFirst: readonly string[] = [
  'services/standalone/test/telephony-cluster.e2e.test.ts',
  'services/standalone/test/callbacks.e2e.test.ts',
  'services/standalone/test/socket-commands.e2e.test.ts',
  'services/standalone/test/demo.e2e.test.ts',
  'services/standalone/test/cluster.e2e.test.ts',
  'loadtest/loadtest.int.test.ts',
  'services/standalone/test/crash.e2e.test.ts',
  'services/database/src/crash.e2e.test.ts',
  'services/standalone/test/pacing-band.e2e.test.ts',
  'services/standalone/test/start.e2e.test.ts',
  'services/standalone/test/functions.e2e.test.ts',
  'services/dialer/src/dialing.int.test.ts',
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const slow = slowFirst.flatMap((path) => sorted.filter(({ moduleId }) => moduleId.endsWith(path)));
    return [...slow, ...sorted.filter((file) => !slow.includes(file))];
  }
}

// Suffix is the level: .unit (pure), .int (one room with real parts), .e2e (several rooms over real sockets).
export default defineConfig({
  test: {
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make timers late.
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    // In CI a test that failed runs once more, and the report says so: limits measured at the far end need a clock that does not stall.
    retry: process.env['CI'] ? 1 : 0,
    reporters: ['default'],
    projects: [
      { extends: true, test: { name: 'real', include: ['{packages,services,loadtest}/**/*.{int,e2e}.test.ts'] } },
      // Pure, so they share their worker: to start one for each took longer than what they do.
      { extends: true, test: { name: 'unit', include: ['{packages,services,loadtest}/**/*.unit.test.ts'], isolate: false } },
    ],
  },
});
