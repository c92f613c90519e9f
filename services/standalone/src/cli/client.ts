import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '@ritmo/runtime';
import { loadConfig } from '../config.ts';

/** The admin API of a running installation. */
export interface AdminClient {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  upload<T>(path: string, content: Buffer): Promise<T>;
}

export interface ClientOptions {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
}

/** Where the admin API of the installation on this data answers, for commands that are started without its environment. */
const addressFile = 'http.url';

const reachable = (listen: string): string => (listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen);

/** Tells `ritmo` commands on the same data folder where to ask. */
export async function tellAddress(dataDir: string, listen: string, httpPort: number): Promise<void> {
  await writeFile(join(dataDir, addressFile), `http://${reachable(listen)}:${httpPort}\n`);
}

/** Where the installation is: as told, as it said itself in its data folder, or as the environment and its configuration file say. */
export async function connect(options: ClientOptions, env: Readonly<Record<string, string | undefined>>): Promise<AdminClient> {
  const config = await loadConfig(env);
  const told = await readFile(join(config.dataDir, addressFile), 'utf8').catch(() => `http://${reachable(config.listen)}:${config.httpPort}`);
  const base = (options.url ?? env['RITMO_URL'] ?? told).trim().replace(/\/$/, '');
  const key = options.key ?? config.adminKey ?? (await readKey(config.dataDir));

  const call = async <T>(method: string, path: string, body?: { readonly type: string; readonly content: string | Buffer }): Promise<T> => {
    let response: Response;
    try {
      response = await fetch(`${base}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': body.type }) },
        ...(body === undefined ? {} : { body: body.content }),
      });
    } catch (error) {
      throw new UserError(`no installation answers at ${base} (${reasonOf(error)}): is it running? --url says where it is`);
    }
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    if (response.status === 401 || response.status === 403) throw new UserError('the admin key was refused: give it with --key or RITMO_ADMIN_KEY');
    throw new UserError(`${method} ${path}: ${response.status} ${messageOf(text)}`);
  };
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, { type: 'application/json', content: JSON.stringify(body ?? {}) }),
    upload: (path, content) => call('POST', path, { type: 'application/octet-stream', content }),
  };
}

async function readKey(dataDir: string): Promise<string> {
  const file = join(dataDir, 'secrets', 'admin.key');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    throw new UserError(`there is no admin key in ${file}: set RITMO_DATA to the installation's data folder, or give --key`);
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  return cause?.code ?? (error instanceof Error ? error.message : String(error));
}

/** The API's own words for a refusal. */
function messageOf(text: string): string {
  try {
    const { message, detail } = JSON.parse(text) as { message?: string; detail?: string };
    return detail ?? message ?? text;
  } catch {
    return text.slice(0, 200);
  }
}
