import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files of more than a quarter of a minute. They begin first, so that no worker is left alone with one of them at the end; vitest knows that
 * by itself only where it has run before, and a fresh clone has not.
 */
const slowFiles: readonly string[] = [
  'services/standalone/test/',
  'loadtest/loadtest.int.test.ts',
  'packages/sip/src/drachtio/contract.int.test.ts',
  'packages/sip/src/native/native.int.test.ts',
  'services/database/src/crash.e2e.test.ts',
  'services/telephony/src/trunks.int.test.ts',
  'services/dialer/src/dialing.int.test.ts',
];

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean => slowFiles.some((slow) => moduleId.includes(slow));
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
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
