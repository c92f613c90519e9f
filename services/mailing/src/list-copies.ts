/** Our own copies of the lists that are being imported: what the sender does to the file meanwhile, or a crash, changes nothing. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface ListCopy {
  /** Name in the folder. */
  readonly copy: string;
  /** SHA-256, hex. */
  readonly digest: string;
  readonly bytes: number;
  readonly firstBytes: Uint8Array;
}

export interface ListCopies {
  /** Rejects with the file system's error when the source cannot be read. */
  take(source: { readonly path: string } | { readonly content: Uint8Array }): Promise<ListCopy>;
  read(copy: string, fromByte: number): AsyncIterable<Uint8Array>;
  drop(copy: string): Promise<void>;
  /** Removes what no import knows: copies that a crash cut. */
  sweep(known: readonly string[]): Promise<void>;
}

const beginning = 8;
const unfinished = '.part';
/** A younger file may be one that another process is just taking over. */
const restedMs = 3_600_000;

export function createListCopies(folder: string): ListCopies {
  return {
    async take(source) {
      // Opened first: a source that is not there leaves nothing behind.
      const chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = 'path' in source ? (await open(source.path)).createReadStream() : [source.content];
      await mkdir(folder, { recursive: true });
      const copy = `${randomUUID()}.list`;
      const hash = createHash('sha256');
      let bytes = 0;
      let firstBytes: Uint8Array = new Uint8Array();
      const part = join(folder, `${copy}${unfinished}`);
      const file = await open(part, 'w');
      try {
        for await (const chunk of chunks) {
          if (firstBytes.length < beginning) firstBytes = Buffer.concat([firstBytes, chunk.subarray(0, beginning)]).subarray(0, beginning);
          hash.update(chunk);
          bytes += chunk.length;
          await file.writeFile(chunk);
        }
        // The import is on record as soon as it is taken over; so must be what it reads.
        await file.sync();
      } catch (error) {
        await file.close();
        await rm(part, { force: true });
        throw error;
      }
      await file.close();
      await rename(part, join(folder, copy));
      return { copy, digest: hash.digest('hex'), bytes, firstBytes };
    },
    read: (copy, fromByte) => createReadStream(join(folder, copy), { start: fromByte, highWaterMark: 256 * 1024 }),
    drop: (copy) => rm(join(folder, copy), { force: true }),
    async sweep(known) {
      const names = await readdir(folder).catch(() => [] as string[]);
      const kept = new Set(known);
      for (const name of names) {
        if (!(name.endsWith('.list') || name.endsWith(unfinished)) || kept.has(name)) continue;
        const { mtimeMs } = await stat(join(folder, name)).catch(() => ({ mtimeMs: Infinity }));
        if (Date.now() - mtimeMs > restedMs) await rm(join(folder, name), { force: true });
      }
    },
  };
}
