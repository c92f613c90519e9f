import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ListImport, RejectedLine, Requests } from '@ritmo/bus';
import { UserError } from '@ritmo/runtime';
import type { AdminClient } from './client.ts';
import { idOf, type Answer, type RemoteOptions } from './command.ts';
import { clock, table } from './table.ts';

type Begun = Extract<Requests['mailing.import']['reply'], { ok: true }>;
type Shown = ListImport & { readonly rejectedLines: readonly RejectedLine[] };

const lookEveryMs = 300;
/** Where nobody watches, a line now and then is enough. */
const tellEveryMs = 5_000;

/** Hands the file over, then watches the import: it goes on in the installation whatever happens to this command. */
export async function importFile(client: AdminClient, args: readonly string[], options: RemoteOptions): Promise<Answer> {
  const [campaignId, file] = [idOf(args[0], 'campaign'), args[1]];
  if (file === undefined) throw new UserError('which file? ritmo import CAMPAIGN FILE');
  const content = await readFile(file).catch((error: unknown) => {
    throw new UserError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  });
  const query = new URLSearchParams({ name: basename(file), wait: 'false', again: String(options.again ?? false) });
  const { importId, repeated, state } = await client.upload<Begun>(`/v1/campaigns/${campaignId}/import?${query.toString()}`, content);
  if (repeated && state === 'running') process.stderr.write(`import ${importId} of this file runs already\n`);
  const shown = await watched(client, importId, options.json !== true);
  const rejected = shown.rejectedLines.map(({ line, column, reason }) => (line === 0 ? reason : `${file}:${line}${column === null ? '' : ` [${column}]`}  ${reason}`));
  const { imported, lines, linesPerSecond, ...rest } = shown;
  const counts = `${imported} contacts imported from ${lines} lines, ${shown.rejected} lines rejected`;
  const said =
    rest.state === 'failed'
      ? `import ${importId} failed: ${rest.reason ?? 'no reason is known'}; ${counts}`
      : repeated && state === 'done'
        ? `this file was imported before, as import ${importId} (${clock(rest.begunAt)}): ${counts}. --again imports it once more`
        : `${counts} (import ${importId}, ${linesPerSecond} lines/s)`;
  return { data: { ...shown, repeated }, text: [...rejected, said].join('\n'), exitCode: rest.state === 'failed' ? 1 : 0 };
}

async function watched(client: AdminClient, importId: number, isTold: boolean): Promise<Shown> {
  const isSeen = process.stderr.isTTY;
  let toldAt = performance.now();
  for (;;) {
    const shown = await client.get<Shown>(`/v1/imports/${importId}`);
    const { percent, linesPerSecond, imported, rejected, state } = shown;
    const line = `${percent.toFixed(1).padStart(5)} %  ${linesPerSecond} lines/s  ${imported} imported, ${rejected} rejected`;
    if (isSeen) process.stderr.write(`\r${line}\x1b[K${state === 'running' ? '' : '\n'}`);
    else if (isTold && performance.now() - toldAt > tellEveryMs) {
      toldAt = performance.now();
      process.stderr.write(`${line}\n`);
    }
    if (state !== 'running') return shown;
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}

export async function imports(client: AdminClient): Promise<Answer> {
  const { imports: rows } = await client.get<{ imports: readonly ListImport[] }>('/v1/imports');
  const text = table(rows, [
    { title: 'id', of: (row) => row.importId, right: true },
    { title: 'campaign', of: (row) => row.campaignId, right: true },
    { title: 'file', of: (row) => row.name },
    { title: 'state', of: (row) => row.state },
    { title: 'done', of: (row) => `${row.percent.toFixed(1)} %`, right: true },
    { title: 'lines/s', of: (row) => row.linesPerSecond, right: true },
    { title: 'lines', of: (row) => row.lines, right: true },
    { title: 'imported', of: (row) => row.imported, right: true },
    { title: 'rejected', of: (row) => row.rejected, right: true },
    { title: 'resumed', of: (row) => row.resumed, right: true },
    { title: 'begun', of: (row) => clock(row.begunAt) },
  ]);
  return { data: rows, text };
}
