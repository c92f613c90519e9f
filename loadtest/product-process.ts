import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UserError } from '@ritmo/runtime';

const adminKey = 'load-test-of-this-machine';
const readyMs = 120_000;
const stopMs = 20_000;

/** The product as its users run it: `ritmo start` in a process of its own, on an empty folder, asked by its admin API. */
export class ProductProcess {
  readonly sipPort: number;
  readonly child: ChildProcess;
  private readonly base: string;

  private constructor(child: ChildProcess, ports: Ports) {
    this.child = child;
    this.sipPort = ports.sip;
    this.base = `http://127.0.0.1:${ports.http}`;
  }

  /** `config` is written as ritmo.yaml; what the process says goes to ritmo.log, both in `folder`. Throws UserError when it does not start. */
  static async start(folder: string, config: object): Promise<ProductProcess> {
    const data = join(folder, 'data');
    await mkdir(data, { recursive: true });
    const configFile = join(folder, 'ritmo.yaml');
    await writeFile(configFile, JSON.stringify(config, null, 1));
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const main = fileURLToPath(new URL('../services/standalone/src/cli/main.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', loader, main, 'start'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? folder, RITMO_CONFIG: configFile, RITMO_DATA: data, RITMO_ADMIN_KEY: adminKey },
    });
    const log = createWriteStream(join(folder, 'ritmo.log'));
    child.stderr.pipe(log);
    try {
      return new ProductProcess(child, await readyPorts(child, log));
    } catch (error) {
      child.kill('SIGKILL');
      const tail = (await readFile(join(folder, 'ritmo.log'), 'utf8').catch(() => '')).trim().split('\n').at(-1) ?? '';
      throw new UserError(`the product did not start: ${(error as Error).message}. ${tail.slice(0, 400)}`);
    }
  }

  /** A string goes as text, anything else as JSON. */
  async ask<T>(method: string, path: string, body?: object | string): Promise<T> {
    const isText = typeof body === 'string';
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...(body === undefined ? {} : { 'content-type': isText ? 'text/plain' : 'application/json' }) },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
    await gone;
    clearTimeout(timer);
  }
}

interface Ports {
  readonly http: number;
  readonly sip: number;
}

function readyPorts(child: ChildProcess, log: NodeJS.WritableStream): Promise<Ports> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`no ready line within ${readyMs / 1000} s`)), readyMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      const match = /ritmo is ready .*?HTTP (\d+).*?SIP (\d+)/.exec((text = (text + chunk.toString()).slice(-20_000)));
      if (!match) return;
      clearTimeout(timer);
      resolve({ http: Number(match[1]), sip: Number(match[2]) });
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${code}`));
    });
  });
}
