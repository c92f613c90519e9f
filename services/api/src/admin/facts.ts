import { asCallId, asId, fact, streams, type AgentId } from '@ritmo/domain';
import { Type, type Static } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { AdminParts } from './parts.ts';

const at = Type.Optional(Type.Integer({ description: 'ms since the epoch; now when left out' }));
const SmsBody = Type.Object({ from: Type.String({ minLength: 1, maxLength: 40 }), text: Type.String({ maxLength: 4_000 }), at }, { additionalProperties: false });
const IvrBody = Type.Object(
  {
    callId: Type.String({ minLength: 1 }),
    ivrId: Type.Integer(),
    ivrName: Type.String(),
    command: Type.String(),
    soundFile: Type.String({ default: '' }),
    option: Type.String({ default: '' }),
    durationMs: Type.Integer({ minimum: 0, default: 0 }),
    at,
  },
  { additionalProperties: false },
);
const SurveyBody = Type.Object(
  {
    callId: Type.String({ minLength: 1 }),
    survey: Type.String(),
    command: Type.String({ default: '' }),
    soundFile: Type.String({ default: '' }),
    question: Type.String(),
    answer: Type.String(),
    queueName: Type.String({ default: '' }),
    agentId: Type.Union([Type.Integer(), Type.Null()], { default: null }),
    at,
  },
  { additionalProperties: false },
);

const ClassificationBody = Type.Object(
  {
    callId: Type.String({ minLength: 1 }),
    verdict: Type.Union([Type.Literal('person'), Type.Literal('machine')]),
    detectMs: Type.Integer({ minimum: 0, default: 0, description: 'From the answer to the verdict' }),
    at,
  },
  { additionalProperties: false },
);

/** Facts whose producers are outside until their own rooms exist: they feed mensagens_sms_recebidas, ura_logs and resultados_ura_pesquisa. */
export function registerFactRoutes(app: FastifyInstance, { context }: AdminParts): void {
  const { journal, clock } = context;
  const tags = ['facts'];
  app.post<{ Body: Static<typeof SmsBody> }>('/v1/facts/sms', { schema: { tags, body: SmsBody } }, async (request, reply) => {
    const { at: happenedAt, ...data } = request.body;
    await journal.commit(streams.system, 'any', [fact('SmsReceived', happenedAt ?? clock.nowMs(), data)]);
    return reply.code(201).send({ recorded: true });
  });
  app.post<{ Body: Static<typeof ClassificationBody> }>('/v1/facts/answer-classifications', { schema: { tags, summary: "A detector's word on who answered a call: a machine that no agent has taken is hung up, a person whose campaign waits for the word is queued", body: ClassificationBody } }, async (request, reply) => {
    const { at: happenedAt, callId, ...data } = request.body;
    await journal.commit(streams.call(asCallId(callId)), 'any', [fact('AnswerClassified', happenedAt ?? clock.nowMs(), { ...data, callId: asCallId(callId), campaignId: null })]);
    return reply.code(201).send({ recorded: true });
  });
  app.post<{ Body: Static<typeof IvrBody> }>('/v1/facts/ivr-steps', { schema: { tags, body: IvrBody } }, async (request, reply) => {
    const { at: happenedAt, callId, ...data } = request.body;
    await journal.commit(streams.call(asCallId(callId)), 'any', [fact('IvrStepTaken', happenedAt ?? clock.nowMs(), { ...data, callId: asCallId(callId) })]);
    return reply.code(201).send({ recorded: true });
  });
  app.post<{ Body: Static<typeof SurveyBody> }>('/v1/facts/survey-answers', { schema: { tags, body: SurveyBody } }, async (request, reply) => {
    const { at: happenedAt, callId, agentId, ...data } = request.body;
    const answered = fact('SurveyAnswered', happenedAt ?? clock.nowMs(), {
      ...data,
      callId: asCallId(callId),
      agentId: agentId === null ? null : asId<AgentId>(agentId),
    });
    await journal.commit(streams.call(asCallId(callId)), 'any', [answered]);
    return reply.code(201).send({ recorded: true });
  });
}
