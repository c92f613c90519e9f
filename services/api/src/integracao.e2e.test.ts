/** docs/integracao.md: its examples are run, in their order, against the installation that it shows. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const guide = await readFile(join(root, 'docs/integracao.md'), 'utf8');
const blocks = [...guide.matchAll(/^```(console|sql|yaml)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({ language, text }));

const has = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const runnable = has('curl') && has('bash') && has('timeout');
if (!runnable) console.warn('the examples of docs/integracao.md are not run: curl, bash or timeout is missing');

/** Where nc is missing, its two uses here: standard input to the socket, the socket to standard output. */
const nc = `#!/usr/bin/env node
const socket = require('node:net').connect(Number(process.argv[3]), process.argv[2]);
socket.on('data', (chunk) => process.stdout.write(chunk)).on('close', () => process.exit(0));
process.stdin.on('data', (chunk) => socket.write(chunk));
`;

let folder: string;
let child: ChildProcess;
let client: pg.Client;
let output = '';
const ports = { http: 0, read: 0, write: 0, sip: 0, postgres: 0 };

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

beforeAll(async () => {
  if (!runnable) return;
  folder = await mkdtemp(join(tmpdir(), 'guide-'));
  // The embedded server runs as another user when this one is root.
  await chmod(folder, 0o755);
  await writeFile(join(folder, 'exemplo.yaml'), blocks.find(({ language }) => language === 'yaml')?.text ?? '');
  if (!has('nc')) await writeFile(join(folder, 'nc'), nc, { mode: 0o755 });
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort();
  child = spawn(process.execPath, ['--import', 'tsx', 'services/standalone/src/cli/main.ts', 'start'], {
    cwd: root,
    env: {
      ...process.env,
      RITMO_CONFIG: join(folder, 'exemplo.yaml'),
      RITMO_DATA: join(folder, 'data'),
      RITMO_HTTP_PORT: String(ports.http),
      RITMO_SOCKET_READ_PORT: String(ports.read),
      RITMO_SOCKET_WRITE_PORT: String(ports.write),
      RITMO_SIP_PORT: String(ports.sip),
      RITMO_PG_PORT: String(ports.postgres),
      RITMO_RTP_PORTS: '39000-39199',
      RITMO_INTEGRATION_PASSWORD: 'senha-de-teste',
      RITMO_ADMIN_KEY: 'chave-de-administracao',
    },
  });
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise<void>((resolve, reject) => {
    const look = setInterval(() => {
      if (!output.includes('ritmo is ready')) return;
      clearInterval(look);
      resolve();
    }, 50);
    child.on('exit', () => reject(new Error(`it did not start: ${output.slice(-2_000)}`)));
  });
  client = new pg.Client({ host: '127.0.0.1', port: ports.postgres, user: 'integracao', password: 'senha-de-teste', database: 'totalipdb' });
  await client.connect();
}, 90_000);

afterAll(async () => {
  if (!runnable) return;
  await client.end();
  child.removeAllListeners('exit');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
  await rm(folder, { recursive: true, force: true });
}, 60_000);

function shell(command: string): Promise<string> {
  const here = command
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${ports.http}`)
    .replaceAll('127.0.0.1 25000', `127.0.0.1 ${ports.read}`)
    .replaceAll('127.0.0.1 27000', `127.0.0.1 ${ports.write}`);
  return new Promise((resolve) => {
    execFile('bash', ['-c', here], { env: { ...process.env, PATH: `${folder}:${process.env['PATH']}` } }, (_error, stdout) => resolve(stdout.replaceAll('\r', '').trimEnd()));
  });
}

/** What a command of the guide answers, and what the guide says it does. The views follow within moments, so it is looked at again. */
async function agree(look: () => Promise<string>, said: string, patient: boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  let found = await look();
  while (patient && found !== said && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    found = await look();
  }
  expect(found).toBe(said);
}

async function runConsole(text: string): Promise<void> {
  for (const [, command = '', said = ''] of text.matchAll(/^\$ (.*)\n((?:(?!\$ ).*\n)*)/gm)) await agree(() => shell(command), said.trimEnd(), false);
}

async function runSql(text: string): Promise<void> {
  for (const [, statement = '', comments = ''] of text.matchAll(/([^;]+;)\n((?:-- .*\n)*)/g)) {
    const said = comments.replace(/^-- ?/gm, '').trimEnd();
    if (said === '') await client.query(statement);
    else {
      const look = async (): Promise<string> => {
        const { rows } = await client.query<unknown[]>({ text: statement, rowMode: 'array' });
        return rows.map((row) => row.map((value) => (value === null ? '' : value === true ? 't' : value === false ? 'f' : String(value))).join(' | ').trimEnd()).join('\n');
      };
      await agree(look, said, true);
    }
  }
}

for (const [index, { language, text }] of blocks.entries()) {
  if (language === 'yaml') continue;
  const first = text.split('\n')[0]?.slice(0, 70) ?? '';
  test.skipIf(!runnable)(`example ${index}, ${language}: ${first}`, { timeout: 60_000 }, () => (language === 'sql' ? runSql(text) : runConsole(text)));
}
