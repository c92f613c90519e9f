import type { Socket } from 'node:net';
import { NoResponderError, RequestTimeoutError } from '@ritmo/bus';
import { answerText } from '@ritmo/contract';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { plainText } from './address-gate.ts';

const isUnavailable = (error: unknown): boolean => error instanceof NoResponderError || error instanceof RequestTimeoutError;

/** 503 when another service does not answer, 4xx for what the request did wrong, 500 for a mistake of ours. */
export function statusOfError(error: unknown): number {
  if (isUnavailable(error)) return 503;
  const asked = (error as { statusCode?: number }).statusCode ?? 500;
  return asked >= 400 && asked < 500 ? asked : 500;
}

/** Never a stack trace; under /api in the words of the manual, elsewhere as JSON. */
export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error: Error, request, reply) => {
    const status = statusOfError(error);
    const unavailable = isUnavailable(error);
    if (status >= 500) log.error({ err: error, path: request.url.split('?')[0] }, 'a request failed');
    void reply.code(status);
    if (request.url.startsWith('/api')) {
      const text = unavailable ? answerText('1.1', 'unavailable') : status === 500 ? 'ERRO INTERNO' : 'REQUISICAO INVALIDA';
      return void reply.type(plainText).send(text);
    }
    const detail = status === 500 ? 'internal error' : error.message;
    void reply.send({ error: unavailable ? 'unavailable' : status === 500 ? 'internal' : 'invalid', detail });
  });
}

/** What is no HTTP request; mostly a URL with a bare space or accent, which browsers encode by themselves. */
export function answerClientError({ code }: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable) return void socket.destroy();
  const text = `REQUISICAO INVALIDA${/^HPE_INVALID_(URL|CONSTANT)$/.test(code ?? '') ? ': ESPACOS E ACENTOS NA URL DEVEM SER CODIFICADOS' : ''}`;
  socket.end(`HTTP/1.1 400 Bad Request\r\nContent-Type: ${plainText}\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);
}
