import { access, constants, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export class DataFolderError extends Error {
  readonly folder: string;
  constructor(folder: string, reason: string, setting: string) {
    super(`the data folder ${folder} cannot be used: ${reason}. Put it right, or choose another with ${setting}.`);
    this.name = 'DataFolderError';
    this.folder = folder;
  }
}

/** Makes the folder and those inside it, and proves that it can be written. Answers its real, absolute path. */
export async function openDataFolder(options: {
  readonly folder: string;
  readonly inside: readonly string[];
  /** Named in the error: what to change. */
  readonly setting: string;
}): Promise<string> {
  const folder = resolve(options.folder);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    for (const name of options.inside) await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    const probe = join(folder, `.write-test-${process.pid}`);
    await writeFile(probe, '');
    await rm(probe);
    return await realpath(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'EACCES' || code === 'EPERM'
        ? 'this account may not write there'
        : code === 'ENOTDIR' || code === 'EEXIST'
          ? 'something on the way to it is not a folder'
          : code === 'EROFS'
            ? 'its file system is read-only'
            : code === 'ENOSPC'
              ? 'the disk is full'
              : message;
    throw new DataFolderError(folder, reason, options.setting);
  }
}
