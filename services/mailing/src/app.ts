import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { BusSubscription, Requests } from '@ritmo/bus';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import { exportResults } from './export-results.ts';
import { importFile, type ImportFile } from './import-file.ts';

export interface MailingOptions {
  /** How often the progress of a long import is logged. Default 2 000. */
  readonly progressMs?: number;
}

type Import = Requests['mailing.import'];
type Export = Requests['mailing.export'];

const extensions = ['.txt', '.csv'];
/** A file in UTF-16 or of no text at all begins like this. */
const foreignBeginnings: readonly (readonly number[])[] = [[0xff, 0xfe], [0xfe, 0xff], [0x50, 0x4b, 0x03, 0x04], [0xd0, 0xcf, 0x11, 0xe0], [0x25, 0x50, 0x44, 0x46]];

/** Lists in, results out. */
export function createMailingApp(context: ServiceContext, options: MailingOptions = {}): ServiceApp {
  const { bus, directory, log } = context;
  const progressMs = options.progressMs ?? 2_000;
  const subscriptions: BusSubscription[] = [];
  const running = new Set<Promise<unknown>>();

  const source = async (request: Import['request']): Promise<{ first: Uint8Array; chunks: ImportFile['chunks'] } | null> => {
    if (request.path === undefined) {
      const bytes = Buffer.from(request.contentBase64 ?? '', 'base64');
      return { first: bytes.subarray(0, 8), chunks: [bytes] };
    }
    try {
      const file = await open(request.path, 'r');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
      await file.close();
      return { first: buffer.subarray(0, bytesRead), chunks: createReadStream(request.path) };
    } catch (error) {
      log.warn({ err: error, path: request.path }, 'the list could not be read');
      return null;
    }
  };
  const handle = async (request: Import['request']): Promise<Import['reply']> => {
    if (!directory.get('campaign', request.campaignId)) return { ok: false, code: 'unknown-campaign' };
    if (!extensions.includes(extname(request.name).toLowerCase())) {
      return { ok: false, code: 'unknown-format', detail: `${request.name}: lists are ${extensions.join(' or ')} files` };
    }
    const found = await source(request);
    if (!found) return { ok: false, code: 'no-file', detail: request.path ?? request.name };
    if (foreignBeginnings.some((beginning) => beginning.every((byte, index) => found.first[index] === byte))) {
      return { ok: false, code: 'unknown-format', detail: `${request.name} is not a text file in UTF-8 or Latin-1` };
    }
    let toldAt = performance.now();
    const reply = await importFile(context, {
      campaignId: request.campaignId, name: request.name, chunks: found.chunks, by: request.by,
      onProgress(progress) {
        if (performance.now() - toldAt < progressMs) return;
        toldAt = performance.now();
        log.info({ list: request.name, ...progress }, 'importing');
      },
    });
    if (reply.ok) log.info({ list: request.name, lines: reply.lines, imported: reply.imported, rejected: reply.rejected.length }, 'imported');
    return reply;
  };
  const exportCampaign = async ({ campaignId }: Export['request']): Promise<Export['reply']> => {
    if (!directory.get('campaign', campaignId)) return { ok: false, code: 'unknown-campaign' };
    const folder = join(context.dataDir, 'exports');
    await mkdir(folder, { recursive: true });
    const at = new Date(context.clock.nowMs()).toISOString().replace(/[-:]|\..*$/g, '');
    const path = join(folder, `resultado-${campaignId}-${at}.csv`);
    return { ok: true, path, ...(await exportResults(context, { campaignId, path })) };
  };
  const tracked = <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    void work.catch(() => undefined).finally(() => running.delete(work));
    return work;
  };
  return {
    name: 'mailing',
    async start() {
      subscriptions.push(
        bus.serve('mailing.import', (request) => tracked(handle(request))),
        bus.serve('mailing.export', (request) => tracked(exportCampaign(request))),
      );
      await Promise.resolve();
    },
    async stop() {
      for (const subscription of subscriptions.splice(0)) subscription.stop();
      await Promise.allSettled(running);
    },
  };
}
