import { execFile, spawnSync } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { DataFolderUnreachableError } from './errors.ts';

const run = promisify(execFile);

/** PostgreSQL refuses to run as root. Root therefore lends it an account; everybody else runs it as themselves. */
export interface ServerAccount {
  readonly name: string;
  /** Undefined: the server runs as the present user. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
}

const ACCOUNT = 'postgres';

async function idsOf(name: string): Promise<{ uid: number; gid: number }> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
}

/** The account that will own the cluster; as root the system account "postgres" is created when there is none. */
export async function findServerAccount(): Promise<ServerAccount> {
  const me = userInfo();
  if (me.uid !== 0) return { name: me.username, ids: undefined };
  try {
    return { name: ACCOUNT, ids: await idsOf(ACCOUNT) };
  } catch {
    // Created once per machine, without a password or a login shell.
    await run('groupadd', ['--system', ACCOUNT]).catch(() => undefined);
    await run('useradd', ['--system', '--gid', ACCOUNT, '--no-create-home', '--shell', '/usr/sbin/nologin', ACCOUNT]);
    return { name: ACCOUNT, ids: await idsOf(ACCOUNT) };
  }
}

/** The first folder on the way to `path` that the account may not pass, or undefined when it can reach `path`. */
export function firstUnreachable(path: string, account: ServerAccount): string | undefined {
  const chain: string[] = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    chain.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  // Asked of the kernel under that account, so that ACLs and odd mounts count too.
  const script = 'for d in "$@"; do test -x "$d" || { printf %s "$d"; exit 1; }; done';
  const answer = spawnSync('/bin/sh', ['-c', script, 'reach', ...chain], { ...account.ids, encoding: 'utf8', cwd: '/' });
  return answer.status === 0 ? undefined : answer.stdout || path;
}

export function assertReachable(path: string, account: ServerAccount): void {
  const blocked = firstUnreachable(path, account);
  if (blocked !== undefined) throw new DataFolderUnreachableError(blocked, account.name, 'it may not enter it');
}

export async function giveTo(path: string, account: ServerAccount): Promise<void> {
  if (account.ids !== undefined) await chown(path, account.ids.uid, account.ids.gid);
}
