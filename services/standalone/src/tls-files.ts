import { readFileSync } from 'node:fs';
import { UserError } from '@ritmo/runtime';
import type { SipTls } from '@ritmo/sip';
import type { ServerConfig } from './config.ts';

/** The PEM files that `server.tls` names. Throws UserError with the key of the one that cannot be read. */
export function readTls({ port, ...files }: NonNullable<ServerConfig['tls']>): SipTls {
  const { key, cert, ca } = files;
  return { port, key: read('key', key), cert: read('cert', cert), ...(ca === undefined ? {} : { ca: read('ca', ca) }) };
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`server.tls.${name}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}
