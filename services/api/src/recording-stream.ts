import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** One range of bytes, as RFC 9110, 14.1.2 has it. `whole` when there is none that we serve; `unsatisfiable` past the end. */
export function parseRange(header: string | undefined, size: number): 'whole' | 'unsatisfiable' | { readonly from: number; readonly to: number } {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const length = Number(last);
    return length === 0 || size === 0 ? 'unsatisfiable' : { from: Math.max(0, size - length), to: size - 1 };
  }
  const from = Number(first);
  const to = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== '' && Number(last) < from) return 'whole';
  return from >= size ? 'unsatisfiable' : { from, to };
}

/** The WAV with its type and length; `false` when the file is not there. */
export async function sendRecording(request: FastifyRequest, reply: FastifyReply, file: string, name: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) return false;
  const range = parseRange(request.headers.range, found.size);
  reply.header('accept-ranges', 'bytes').header('content-disposition', `inline; filename="${name.replace(/[^\w.-]/g, '_')}"`);
  if (range === 'unsatisfiable') {
    await reply.code(416).header('content-range', `bytes */${found.size}`).type('text/plain; charset=utf-8').send('');
    return true;
  }
  const { from, to } = range === 'whole' ? { from: 0, to: found.size - 1 } : range;
  reply.type('audio/wav').header('content-length', Math.max(0, to - from + 1));
  if (range !== 'whole') reply.code(206).header('content-range', `bytes ${from}-${to}/${found.size}`);
  if (request.method === 'HEAD' || found.size === 0) await reply.send(Buffer.alloc(0));
  else await reply.send(createReadStream(file, { start: from, end: to }));
  return true;
}
