/** An import that is cut by SIGKILL goes on by itself: every contact once, every bad line reported, nothing else lost. */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ListImport, RejectedLine } from '@ritmo/bus';
import { waitFor } from '@ritmo/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const contacts = 6_000;
const key = 'key-of-the-import-test';
let folder: string;
let child: ChildProcess | undefined;
const ports: number[] = [];

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function start(): Promise<void> {
  const [http, read, write, sip, postgres] = ports.map(String);
  const started = spawn(process.execPath, ['--import', 'tsx', 'services/standalone/src/cli/main.ts', 'start'], {
    cwd: root,
    env: {
      ...process.env, RITMO_CONFIG: join(folder, 'ritmo.yaml'), RITMO_DATA: join(folder, 'data'), RITMO_HTTP_PORT: http, RITMO_SOCKET_READ_PORT: read,
      RITMO_SOCKET_WRITE_PORT: write, RITMO_SIP_PORT: sip, RITMO_PG_PORT: postgres, RITMO_RTP_PORTS: '39300-39399', RITMO_ADMIN_KEY: key,
      RITMO_INTEGRATION_PASSWORD: 'senha-de-teste', RITMO_LOG_LEVEL: 'warn',
    },
  });
  child = started;
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes('ritmo is ready')) resolve();
    };
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    started.on('exit', () => reject(new Error(`it did not start: ${output.slice(-2_000)}`)));
  });
}

async function end(signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child?.once('exit', resolve));
  child.kill(signal);
  await gone;
}

const admin = async <T>(method: string, path: string, body?: string): Promise<T> => {
  const response = await fetch(`http://127.0.0.1:${ports[0]}${path}`, {
    method, headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'content-type': 'text/plain' }) }, ...(body === undefined ? {} : { body }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};
type Shown = ListImport & { readonly rejectedLines: readonly RejectedLine[] };
const shown = (id: number): Promise<Shown> => admin<Shown>('GET', `/v1/imports/${id}`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-'));
  await chmod(folder, 0o755);
  await writeFile(
    join(folder, 'ritmo.yaml'),
    `trunks: [{ id: 1, name: Operadora, host: 127.0.0.1, port: 5999 }]
routes: [{ id: 1, name: Geral, trunks: [1] }]
queues: [{ id: 1, name: vendas }]
campaigns: [{ id: 15, name: Clientes, queueId: 1, active: false }]
`,
  );
  for (let index = 0; index < 5; index += 1) ports.push(await freePort());
  await start();
}, 120_000);
afterAll(async () => {
  await end('SIGTERM');
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test('every contact of a list is imported once, however often the process is killed while it imports', { timeout: 240_000 }, async () => {
  const lines = Array.from({ length: contacts }, (_, index) => `c${index};n;11;9${80_000_000 + index};`);
  const bad = [{ at: 700, text: 'torto;x;11;;' }, { at: 2_500, text: 'torto;x;11;123;' }, { at: 5_900, text: 'torto;x;11;333a;' }];
  for (const { at, text } of bad) lines.splice(at, 0, text);
  const list = lines.join('\r\n');
  const { importId } = await admin<{ importId: number }>('POST', '/v1/campaigns/15/import?name=lista.txt&wait=false', list);
  for (const percent of [5, 45]) {
    await waitFor(async () => (await shown(importId)).percent >= percent, { timeoutMs: 60_000 });
    await end('SIGKILL');
    await start();
  }
  // Whoever sent it sends it again, for want of an answer.
  const repeated = await admin<{ importId: number; repeated: boolean }>('POST', '/v1/campaigns/15/import?name=lista.txt&wait=false', list);
  expect(repeated).toMatchObject({ importId, repeated: true });
  await waitFor(async () => (await shown(importId)).state === 'done', { timeoutMs: 90_000 });

  const result = await shown(importId);
  expect(result).toMatchObject({ lines: contacts + bad.length, imported: contacts, rejected: bad.length, percent: 100 });
  expect(result.rejectedLines.map(({ line, column }) => [line, column])).toEqual([[701, 'Telefone 1'], [2_501, 'Telefone 1'], [5_901, 'Telefone 1']]);
  expect(result.resumed).toBeGreaterThan(0);
  const client = new pg.Client({ host: '127.0.0.1', port: ports[4] ?? 0, user: 'integracao', password: 'senha-de-teste', database: 'totalipdb' });
  await client.connect();
  const count = async (what: string): Promise<number> => Number((await client.query<{ n: string }>(`SELECT count(${what}) AS n FROM telefones_campanhas`)).rows[0]?.n);
  await waitFor(async () => (await count('*')) >= contacts, { timeoutMs: 60_000 });
  expect(await count('*')).toBe(contacts);
  expect(await count('DISTINCT parametro1')).toBe(contacts);
  await client.end();
});
