import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { answerText, httpFunctions, refused, valuesOf, type Contract, type Outcome, type Section } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { plainText, type AddressGate } from './address-gate.ts';
import { statusOfError } from './errors.ts';
import { parseForm, parseMultipart } from './form.ts';
import { documentationOfGet, documentationOfPost, takesAnything } from './function-documentation.ts';
import { listPage } from './list-page.ts';
import { sendRecording } from './recording-stream.ts';
import { createRequestLog } from './request-log.ts';
import type { RequestTimes, RouteTimes } from './request-times.ts';

const page = listPage();
const formLimitBytes = 1024 * 1024;

interface FacadeParts {
  readonly context: ServiceContext;
  readonly contract: Contract;
  readonly gate: AddressGate;
  readonly times: RequestTimes;
}

/** Section 1.1: the functions of the catalogue under /api, GET and POST. It translates transport and nothing else. */
export function registerFacade(app: FastifyInstance, parts: FacadeParts): void {
  const { contract, gate, context } = parts;
  const requests = createRequestLog(context.log);
  app.addHook('onClose', (_app, done) => {
    requests.stop();
    done();
  });
  takeForms(app);
  app.get('/api', { schema: { tags: ['api'], summary: 'Lista das funções', security: [] } }, (request, reply) => {
    if (!gate.refuses(request, reply)) void reply.type(plainText).send(page);
  });

  for (const row of httpFunctions) {
    const series = new Map<number, RouteTimes>();
    const observe = (status: number, ms: number): void => {
      const known = series.get(status) ?? parts.times.of(`/api/${row.name}`, status);
      series.set(status, known);
      known.observe(ms / 1_000);
    };
    // What is answered from memory is answered in the same turn: a promise would cost more than the answer.
    const handler = (request: FastifyRequest, reply: FastifyReply): void | Promise<FastifyReply> => {
      const begunAt = performance.now();
      const caller = request.ip;
      if (gate.refuses(request, reply)) return observe(403, performance.now() - begunAt);
      const given = inputOf(request);
      const keyed = contract.keyOpens(given['chave'] || given['chave_seguranca'] || '', row.http.keyAlways === true);
      const outcome = keyed ? row.run(valuesOf(given), { facade: 'http', by: { kind: 'http', id: caller } }, contract) : refused('key-invalid');
      if (outcome instanceof Promise || outcome.kind === 'recording') return answerLater(request, reply, outcome, begunAt);
      told(reply, caller, outcome, answer(reply, keyed ? row.http.section : '1.1', outcome), begunAt);
    };
    const settled = async (outcome: Outcome | Promise<Outcome>, begunAt: number): Promise<Outcome> => {
      try {
        return await outcome;
      } catch (error) {
        observe(statusOfError(error), performance.now() - begunAt);
        throw error;
      }
    };
    const answerLater = async (request: FastifyRequest, reply: FastifyReply, outcome: Outcome | Promise<Outcome>, begunAt: number): Promise<FastifyReply> => {
      const later = await settled(outcome, begunAt);
      const text = later.kind === 'recording' ? await answerRecording(request, reply, later, context.dataDir) : answer(reply, row.http.section, later);
      told(reply, request.ip, later, text, begunAt);
      return reply;
    };
    const told = (reply: FastifyReply, caller: string, outcome: Outcome, text: string, begunAt: number): void => {
      const ms = performance.now() - begunAt;
      observe(reply.statusCode, ms);
      if (outcome.kind === 'answer' && outcome.done) requests.tell(caller, row.name, text, ms);
      else requests.tellCounted(caller, row.name, text, ms);
    };
    for (const name of [row.name, ...(row.http.aliases ?? [])]) {
      const url = `/api/${name}`;
      const documented = name === row.name;
      app.get(url, { schema: documented ? documentationOfGet(row) : { hide: true }, ...takesAnything, handler });
      app.post(url, { schema: documented ? documentationOfPost(row) : { hide: true }, ...takesAnything, handler });
      if (row.name === 'gravacao') app.head(url, { schema: { hide: true }, handler });
    }
  }
}

/** A POST is a form whatever its client calls it: much that is in use sends none of the right types. JSON is read as JSON. */
function takeForms(app: FastifyInstance): void {
  const whole = { parseAs: 'buffer', bodyLimit: formLimitBytes } as const;
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser<Buffer>(/^multipart\/form-data/i, whole, (request, body, done) => done(null, parseMultipart(body, request.headers['content-type'] ?? '')));
  app.addContentTypeParser<Buffer>('*', whole, (_request, body, done) => done(null, parseForm(body.toString('latin1'))));
}

/** Query and form together; the form wins. */
function inputOf(request: FastifyRequest): Readonly<Record<string, string>> {
  const query = request.query as Record<string, string>;
  const body = request.body;
  if (body === undefined || body === null || typeof body !== 'object') return query;
  const texts = Object.entries(body).filter((entry): entry is [string, string | number | boolean] => ['string', 'number', 'boolean'].includes(typeof entry[1]));
  return { ...query, ...Object.fromEntries(texts.map(([name, value]) => [name, String(value)])) };
}

type Recording = Extract<Outcome, { kind: 'recording' }>;

/** Sends the answer; returns what the log tells of it. */
function answer(reply: FastifyReply, section: string, outcome: Exclude<Outcome, Recording>): string {
  switch (outcome.kind) {
    case 'answer': {
      const text = answerText(section as Section, outcome.id, outcome.values);
      void reply.type(plainText).send(text);
      return text;
    }
    case 'records':
      void reply.type(plainText).send(outcome.lines.join('\n'));
      return outcome.lines.length === 1 ? '1 record' : `${outcome.lines.length} records`;
    case 'pages':
      void reply.type(plainText).send(Readable.from(textOf(outcome.pages)));
      return 'records';
    case 'page':
      void reply.type('text/html; charset=utf-8').send(outcome.html);
      return 'page';
  }
}

async function* textOf(pages: AsyncIterable<readonly string[]>): AsyncGenerator<string> {
  let between = '';
  for await (const lines of pages) {
    yield between + lines.join('\n');
    between = '\n';
  }
}

async function answerRecording(request: FastifyRequest, reply: FastifyReply, { file, name }: Recording, dataDir: string): Promise<string> {
  if (await sendRecording(request, reply, resolve(dataDir, file), name)) return 'recording';
  const text = answerText('1.1.13', 'no-recording');
  void reply.type(plainText).send(text);
  return text;
}
