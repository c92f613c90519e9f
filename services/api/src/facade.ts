import { resolve } from 'node:path';
import { answerText, createAddressRules, httpFunctions, refused, settingsOf, valuesOf, type Contract, type HttpFunction, type Outcome, type Section } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { parseForm } from './form.ts';
import { listPage } from './list-page.ts';
import { sendRecording } from './recording-stream.ts';

const plain = 'text/plain; charset=utf-8';
const page = listPage();

/** Section 1.1: the functions of the catalogue under /api, GET and POST. It translates transport and nothing else. */
export function registerFacade(app: FastifyInstance, context: ServiceContext, contract: Contract): void {
  const { directory, log, dataDir } = context;
  let allowed = createAddressRules(settingsOf(directory).httpAllow, 'everyone');
  let apiKey = settingsOf(directory).apiKey;
  const unfollow = directory.onChange((kind) => {
    if (kind !== 'settings') return;
    allowed = createAddressRules(settingsOf(directory).httpAllow, 'everyone');
    apiKey = settingsOf(directory).apiKey;
  });
  app.addHook('onClose', (_app, done) => {
    unfollow();
    done();
  });

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => done(null, parseForm(body as string)));

  const refuseAddress = (request: FastifyRequest, reply: FastifyReply): boolean => {
    if (allowed(request.ip)) return false;
    log.warn({ caller: request.ip, path: request.url.split('?')[0] }, 'address refused');
    void reply.code(403).type(plain).send(answerText('1.1', 'address-refused'));
    return true;
  };

  app.get('/api', { schema: { tags: ['api'], summary: 'Lista das funções', security: [] } }, (request, reply) => {
    if (!refuseAddress(request, reply)) void reply.type(plain).send(page);
  });

  for (const row of httpFunctions) {
    const tell = (request: FastifyRequest, reply: FastifyReply, text: string): void => {
      log.info({ caller: request.ip, function: row.name, answer: text, ms: Math.round(reply.elapsedTime) }, 'api');
    };
    // What is answered from memory is answered in the same turn: a promise would cost more than the answer.
    const handler = (request: FastifyRequest, reply: FastifyReply): void | Promise<FastifyReply> => {
      if (refuseAddress(request, reply)) return;
      const given = inputOf(request);
      const key = given['chave'] ?? given['chave_seguranca'] ?? '';
      const keyed = apiKey === undefined ? row.http.keyAlways !== true : contract.keyMatches(key.trim());
      const outcome = keyed ? row.run(valuesOf(given), { facade: 'http', by: { kind: 'http', id: request.ip } }, contract) : refused('key-invalid');
      if (!(outcome instanceof Promise) && outcome.kind !== 'recording') return tell(request, reply, answer(reply, keyed ? row.http.section : '1.1', outcome));
      return (async () => {
        const later = await outcome;
        tell(request, reply, later.kind === 'recording' ? await answerRecording(request, reply, later, dataDir) : answer(reply, row.http.section, later));
        return reply;
      })();
    };
    for (const name of [row.name, ...(row.http.aliases ?? [])]) {
      const url = `/api/${name}`;
      app.get(url, { schema: documentation(row, name !== row.name), validatorCompiler: takesAnything, handler });
      app.post(url, { schema: { hide: true }, handler });
      if (row.name === 'gravacao') app.head(url, { schema: { hide: true }, handler });
    }
  }
}

/** For the OpenAPI document only: what is missing or wrong is answered in the manual's words, not by a validator. */
function documentation(row: HttpFunction, alias: boolean): object {
  const parameters = [...row.parameters, { name: 'chave', meaning: 'chave de segurança, quando há uma configurada', optional: true }];
  const named = new Map(parameters.map(({ name, meaning }) => [name, { type: 'string', description: meaning }]));
  return {
    hide: alias,
    tags: ['api'],
    summary: row.meaning,
    description: `Manual, ${row.http.section}. POST com um formulário vale o mesmo.`,
    security: [],
    querystring: { type: 'object', properties: Object.fromEntries(named) },
  };
}
const takesAnything = () => () => true;

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
      void reply.type(plain).send(text);
      return text;
    }
    case 'records':
      void reply.type(plain).send(outcome.lines.join('\n'));
      return `${outcome.lines.length} records`;
    case 'page':
      void reply.type('text/html; charset=utf-8').send(outcome.html);
      return 'page';
  }
}

async function answerRecording(request: FastifyRequest, reply: FastifyReply, { file, name }: Recording, dataDir: string): Promise<string> {
  if (await sendRecording(request, reply, resolve(dataDir, file), name)) return 'recording';
  const text = answerText('1.1.13', 'no-recording');
  void reply.type(plain).send(text);
  return text;
}
