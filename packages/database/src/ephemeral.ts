import { spawn } from 'node:child_process';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder under the system's one for temporary files, readable by the server's account, that goes with this process: see endWithProcess. */
export async function createThrowawayFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  await chmod(folder, 0o755);
  endWithProcess(folder);
  return folder;
}

/**
 * Ends the PostgreSQL servers that run on data in `folder` (or one or two levels below it) and removes the folder once the owner is gone, however it
 * went: kill -9 included. For folders that are thrown away: tests, benches, the demo. Returns at once; a small shell waits in the background.
 */
export function endWithProcess(folder: string, ownerPid: number = process.pid): void {
  const args = ['-c', WATCH, 'ritmo-ephemeral', String(ownerPid), folder];
  spawn('/bin/sh', args, { detached: true, stdio: 'ignore', cwd: '/' }).unref();
}

// A server that another process of the owner's tree is just starting is found by a later round: the folder goes only when no server is left.
const WATCH = `
while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
round=0
while [ $round -lt 100 ]; do
  alive=no
  for file in "$2"/postmaster.pid "$2"/*/postmaster.pid "$2"/*/*/postmaster.pid; do
    [ -f "$file" ] && read -r server < "$file" && kill -INT "$server" 2>/dev/null && alive=yes
  done
  [ $alive = no ] && break
  sleep 0.1
  round=$((round+1))
done
rm -rf "$2"`;
