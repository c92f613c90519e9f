import type { Contract } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** What the routes of /v1 share. */
export interface AdminParts {
  readonly context: ServiceContext;
  readonly contract: Contract;
  /** Who acts, for the events. */
  readonly actor: (request: FastifyRequest) => { readonly kind: 'admin'; readonly id: string };
}

const statusOfCode: Readonly<Record<string, number>> = {
  invalid: 422,
  exists: 409,
  conflict: 409,
  'in-use': 409,
  already: 409,
  busy: 409,
  'not-registered': 409,
  licence: 409,
};

/** A refusal of another service as an answer: 404 for what is not there, 409 for what does not fit, 422 for what is wrong. */
export function sendRefusal(reply: FastifyReply, refusal: { readonly code: string; readonly detail?: string }): FastifyReply {
  const status = statusOfCode[refusal.code] ?? (/^(unknown|not-found|no-)|not-found$/.test(refusal.code) ? 404 : 422);
  return reply.code(status).send({ error: refusal.code, detail: refusal.detail ?? refusal.code.replaceAll('-', ' ') });
}
