import { defineConfig } from 'vitest/config';

// Suffix is the level: .unit (pure), .int (one room with real parts), .e2e (several rooms over real sockets).
export default defineConfig({
  test: {
    include: ['{packages,services,loadtest}/**/*.{unit,int,e2e}.test.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Two cores: more workers only make timers late.
    maxWorkers: 2,
    // In CI a test that failed runs once more, and the report says so: limits measured at the far end need a clock that does not stall.
    retry: process.env['CI'] ? 1 : 0,
    reporters: ['default'],
  },
});
