import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = JSON.stringify(join(import.meta.dirname, 'closed-output.ts'));
const speaksOn = 'let n = 0; setInterval(() => console.log(`line ${(n += 1)}`), 1);';

describe('a command whose output is closed', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-output-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Reads the first of its output and no more. */
  const run = async (program: string): Promise<{ code: number | null; err: string }> => {
    const file = join(folder, 'command.mts');
    await writeFile(file, `import { endWhenOutputCloses } from ${source};\n${program}\n`);
    const child = spawn(process.execPath, ['--import', 'tsx', file], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'pipe'] });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.stdout.once('data', () => child.stdout.destroy());
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, err })));
  };

  it('ends without a word, as one that SIGPIPE ended', async () => {
    expect(await run(`endWhenOutputCloses(); ${speaksOn}`)).toEqual({ code: 141, err: '' });
  });

  it('puts in order what it has to, where it listens to SIGTERM', async () => {
    const program = `endWhenOutputCloses(); process.once('SIGTERM', () => { console.log('for nobody'); setTimeout(() => { console.error('in order'); process.exit(3); }, 20); }); ${speaksOn}`;
    expect(await run(program)).toEqual({ code: 3, err: 'in order\n' });
  });

  it('says what went wrong where it is something else', async () => {
    const { code, err } = await run("endWhenOutputCloses(); console.log('begins'); process.stdout.on('close', () => undefined); process.stdout.emit('error', new Error('disk full'));");
    expect([code, err]).toEqual([1, expect.stringContaining('disk full')]);
  });
});
