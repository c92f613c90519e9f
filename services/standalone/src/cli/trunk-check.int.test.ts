/** The command as operators run it: where it finds the trunk, what it prints, how it exits. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startCarrier, type SimulatedCarrier } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trunkAt } from '../trunk-check/test/report.ts';

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const timeout = 60_000;

// Side by side: each starts processes that mostly load or listen.
describe.concurrent('ritmo trunk-check', () => {
  let folder = '';
  let carrier: SimulatedCarrier;
  let installation: Server;
  const file = (): string => join(folder, 'ritmo.yaml');

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-trunk-check-'));
    carrier = await startCarrier({ seed: 1, mix: { postDialDelayMs: 20, answerDelayMs: 50, talkMs: 10_000, hangsUpFirstP: 0 } });
    const trunk = (id: number, name: string, port: number) => ({ id, name, host: '127.0.0.1', port });
    await writeFile(file(), JSON.stringify({ server: { listen: '127.0.0.1', sipPort: 0 }, trunks: [trunk(1, 'Operadora', carrier.port), trunk(2, 'Morta', 1)] }));
    // An installation whose trunk was moved since: what its admin API tells.
    installation = createServer((request, response) => {
      const items = request.url === '/v1/trunks' ? [trunkAt(carrier.port, { name: 'Mudada' }), trunkAt(carrier.port, { id: 2, name: 'Conta', username: 'conta' })] : [];
      response.writeHead(request.headers.authorization === 'Bearer the-key' ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify({ items }));
    });
    await new Promise<void>((done) => installation.listen(0, '127.0.0.1', done));
    await mkdir(join(folder, 'data', 'secrets'), { recursive: true });
    await writeFile(join(folder, 'data', 'secrets', 'admin.key'), 'the-key\n');
    await writeFile(join(folder, 'data', 'http.url'), `http://127.0.0.1:${(installation.address() as AddressInfo).port}\n`);
  });
  afterAll(async () => {
    await carrier.stop();
    await new Promise((done) => installation.close(done));
    await rm(folder, { recursive: true, force: true });
  });

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, ['--import', loader, main, 'trunk-check', ...args], { cwd: folder, env: { PATH: process.env['PATH'] ?? '', ...env } }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });

  it('exits with 0 where nothing fails, and says what was not looked at', { timeout }, async () => {
    const { code, stdout } = await run(['--trunk', 'operadora', '--config', file()]);
    expect(code).toBe(0);
    expect(stdout).toContain(`trunk 1, Operadora: 127.0.0.1:${carrier.port} (udp), as ${file()} has it`);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('nothing fails; not looked at: registration, authentication, codec, call, sound');
  });

  it('exits with 1 where something fails, in JSON too', { timeout }, async () => {
    const { code, stdout } = await run(['--trunk', '2', '--config', file(), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, trunk: { name: 'Morta' }, source: file(), ladder: [] });
  });

  it('exits with 2 where nothing could be looked at', { timeout }, async () => {
    const [unknown, nowhere] = await Promise.all([run(['--trunk', 'Operadorra', '--config', file()]), run(['--trunk', 'Operadora'], { RITMO_DATA: join(folder, 'nowhere') })]);
    expect([unknown.code, unknown.stderr.trim()]).toEqual([2, 'ritmo: there is no trunk Operadorra: did you mean Operadora?']);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('which trunks? --config FILE or RITMO_CONFIG');
  });

  it('takes the trunk of the running installation, not of the file that seeded it long ago', { timeout }, async () => {
    const env = { RITMO_CONFIG: file(), RITMO_DATA: join(folder, 'data') };
    const moved = await run(['--trunk', 'mudada', '--number', '1133334444'], env);
    expect(moved.stdout).toContain('Mudada: 127.0.0.1');
    expect(moved.stdout).toContain('as the running installation has it');
    expect(moved.stdout).toMatch(/ok +sound/);
    expect([moved.code, moved.stdout.trimEnd().split('\n').at(-1)]).toEqual([0, 'nothing fails; not looked at: registration, authentication']);
    const secret = await run(['--trunk', 'conta'], env);
    expect([secret.code, secret.stderr]).toEqual([2, expect.stringContaining('give that of conta in RITMO_TRUNK_PASSWORD')]);
    expect((await run(['--trunk', 'conta'], { ...env, RITMO_TRUNK_PASSWORD: 'segredo' })).code).toBe(0);
  });
});
