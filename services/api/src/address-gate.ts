import { answerText, createAddressRules, settingsOf } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface AddressGate {
  /** True when the request was refused and answered. */
  refuses(request: FastifyRequest, reply: FastifyReply): boolean;
  stop(): void;
}

export const plainText = 'text/plain; charset=utf-8';

/** The list `httpAllow` of the settings, for every route of this port: with no entry every address may; loopback always may, unless `!` takes it away. */
export function createAddressGate({ directory, log }: ServiceContext): AddressGate {
  const read = (): ((address: string) => boolean) => createAddressRules(settingsOf(directory).httpAllow, 'everyone');
  let allowed = read();
  const stop = directory.onChange((kind) => {
    if (kind === 'settings') allowed = read();
  });
  return {
    refuses(request, reply) {
      if (allowed(request.ip)) return false;
      const path = request.url.split('?')[0] ?? '';
      log.warn({ caller: request.ip, path }, 'address refused');
      void reply.code(403);
      if (path.startsWith('/api')) void reply.type(plainText).send(answerText('1.1', 'address-refused'));
      else void reply.send({ error: 'forbidden', detail: 'this address is not on the list httpAllow' });
      return true;
    },
    stop,
  };
}
