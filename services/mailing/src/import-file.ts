/** A list file to contacts, in batches, through the dialer. */
import type { ContactToImport, Requests } from '@ritmo/bus';
import type { Actor, CampaignId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import { momentIn } from './local-moment.ts';
import { readLayout15 } from './layout-1-5.ts';
import { readLines } from './text-lines.ts';

interface ImportProgress {
  readonly lines: number;
  readonly imported: number;
  readonly rejected: number;
}

export interface ImportFile {
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  readonly by: Actor;
  readonly onProgress?: (progress: ImportProgress) => void;
}

type Reply = Requests['mailing.import']['reply'];

/** Contacts in one request: small enough for a message of a bus between machines. */
const batchSize = 500;
/** Bad lines that are listed one by one; more are only counted, so that a wrong file does not fill the memory. */
const mostListed = 10_000;
const batchTimeoutMs = 60_000;

export async function importFile({ bus, directory }: ServiceContext, file: ImportFile): Promise<Reply> {
  const readMoment = momentIn(directory.get('settings', 1)?.timeZone ?? 'America/Sao_Paulo');
  const rejected: { line: number; reason: string }[] = [];
  let rejectedCount = 0;
  let lines = 0;
  let imported = 0;
  let batch: ContactToImport[] = [];
  const reject = (line: number, reason: string): void => {
    rejectedCount += 1;
    if (rejected.length < mostListed) rejected.push({ line, reason });
  };
  const send = async (): Promise<boolean> => {
    if (batch.length === 0) return true;
    const contacts = batch;
    batch = [];
    const reply = await bus.request('dialer.contacts.import', { campaignId: file.campaignId, contacts, source: file.name, by: file.by }, { timeoutMs: batchTimeoutMs });
    if (!reply.ok) return false;
    imported += reply.imported;
    for (const { index, place, reason } of reply.rejected) reject(place ?? contacts[index]?.place ?? 0, reason);
    file.onProgress?.({ lines, imported, rejected: rejectedCount });
    return true;
  };
  for await (const line of readLines(file.chunks)) {
    const reading = readLayout15(line, readMoment);
    if (reading.kind === 'empty') continue;
    lines += 1;
    if (reading.kind === 'bad') reject(line.number, reading.reason);
    else batch.push(reading.contact);
    if (batch.length >= batchSize && !(await send())) return { ok: false, code: 'unknown-campaign' };
  }
  if (!(await send())) return { ok: false, code: 'unknown-campaign' };
  rejected.sort((a, b) => a.line - b.line);
  if (rejectedCount > rejected.length) rejected.push({ line: 0, reason: `${rejectedCount - rejected.length} further bad lines are not listed` });
  return { ok: true, lines, imported, rejected };
}
