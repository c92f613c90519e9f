import { it as base } from 'vitest';
import { Rig } from './rig.ts';

/** `it` for tests that may run side by side: the parties of one are stopped at its own end. */
export const it = base.extend<{ readonly rig: Rig }>({
  rig: async ({}, use) => {
    const rig = new Rig();
    await use(rig);
    await rig.close();
  },
});
