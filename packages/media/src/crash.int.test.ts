import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { createTempDir, freeUdpPortRange, toneShare, waitFor } from '@ritmo/testing';
import { expect, it } from 'vitest';
import { parseWav, repairWav } from './wav.ts';

it('leaves a playable file of what was said when the process is killed', async () => {
  await using dir = await createTempDir('ritmo-crash-');
  const file = join(dir.path, 'cut.wav');
  const [from, to] = await freeUdpPortRange(16);
  const child = fork(new URL('../test/record-forever.ts', import.meta.url), [file, String(from), String(to)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await waitFor(async () => parseWav(await readFile(file)).data.length > 32_000, { timeoutMs: 15_000 });
  child.kill('SIGKILL');
  await once(child, 'exit');

  const asLeft = parseWav(await readFile(file));
  expect(asLeft.data.length).toBeGreaterThan(32_000);
  const repair = await repairWav(file);
  expect(repair.durationMs).toBeGreaterThan(2000);
  const { data } = parseWav(await readFile(file));
  const side = (channel: 0 | 1) => Buffer.from(Array.from({ length: 8000 }, (_, i) => data[(i + 8000) * 2 + channel] as number));
  expect(toneShare(side(0), 'PCMA', 500)).toBeGreaterThan(0.9);
  expect(toneShare(side(1), 'PCMA', 900)).toBeGreaterThan(0.9);
});
