import type { ServiceApp } from '@ritmo/service-kit';
import { createApiApp, type ApiApp } from '@ritmo/svc-api';
import { createDialerApp } from '@ritmo/svc-dialer';
import { createDirectoryApp } from '@ritmo/svc-directory';
import { createSocketApp, type SocketApp } from '@ritmo/svc-socket';
import type { RitmoConfig } from './config.ts';
import type { Foundations } from './foundations.ts';

/** What a service's builder is given. */
export interface ServiceParts {
  readonly config: RitmoConfig;
  readonly foundations: Foundations;
}

/** Every service, in the order in which they start: the directory before those that read it, the facades last. */
export const services = {
  directory: ({ config, foundations }: ServiceParts): ServiceApp =>
    createDirectoryApp(foundations.contextFor('directory'), {
      seed: config.seed,
      ...(config.seedName === undefined ? {} : { seedName: config.seedName }),
    }),
  dialer: ({ foundations }: ServiceParts): ServiceApp => createDialerApp(foundations.contextFor('dialer')),
  api: ({ config, foundations }: ServiceParts): ApiApp =>
    createApiApp(foundations.contextFor('api'), { host: config.listen, port: config.httpPort, adminKey: foundations.adminKey.value }),
  socket: ({ config, foundations }: ServiceParts): SocketApp =>
    createSocketApp(foundations.contextFor('socket'), { host: config.listen, readPort: config.socketReadPort, writePort: config.socketWritePort }),
} as const satisfies Record<string, (parts: ServiceParts) => ServiceApp>;

export type ServiceName = keyof typeof services;
export const serviceNames = Object.keys(services) as readonly ServiceName[];
