import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface Secret {
  readonly value: string;
  /** Where it is kept: only the installation's own account may read it. */
  readonly file: string;
  readonly origin: 'given' | 'kept' | 'made';
}

/** Letters and digits only: it is typed into connection strings. */
const secretBytes = 18;

/**
 * A secret made at the first start and kept in the folder from then on. A given one (an environment variable) is written
 * over the kept one, so that people and the command line find the one in force.
 */
export async function openSecret(options: { readonly folder: string; readonly name: string; readonly given?: string | undefined }): Promise<Secret> {
  const file = join(options.folder, options.name);
  const kept = await readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (options.given !== undefined) {
    if (kept !== options.given) await writeOver(file, options.given);
    return { value: options.given, file, origin: 'given' };
  }
  if (kept !== '') return { value: kept, file, origin: 'kept' };
  const value = randomBytes(secretBytes).toString('base64url').replace(/[-_]/g, 'x');
  // Several processes of one installation may start for the first time at once: the first one's secret is everybody's.
  if (await writeNew(file, value)) return { value, file, origin: 'made' };
  return openSecret(options);
}

async function writeNew(file: string, value: string): Promise<boolean> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${value}\n`, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeOver(file: string, value: string): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, `${value}\n`, { mode: 0o600 });
  await rename(draft, file);
}
