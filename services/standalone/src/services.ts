import type { ServiceApp } from '@ritmo/service-kit';
import { createAcdApp, type AcdApp } from '@ritmo/svc-acd';
import { createApiApp, type ApiApp } from '@ritmo/svc-api';
import { createDatabaseApp } from '@ritmo/svc-database';
import { createDialerApp } from '@ritmo/svc-dialer';
import { createDirectoryApp } from '@ritmo/svc-directory';
import { createMailingApp } from '@ritmo/svc-mailing';
import { createProjectorApp, type ProjectorApp } from '@ritmo/svc-projector';
import { createRecorderApp } from '@ritmo/svc-recorder';
import { createSocketApp, type SocketApp } from '@ritmo/svc-socket';
import { createTelephonyApp, type TelephonyApp } from '@ritmo/svc-telephony';
import type { RitmoConfig } from './config.ts';
import { mediaEngine, sipStack } from './engines.ts';
import type { Foundations } from './foundations.ts';

/** What a service's builder is given. */
export interface ServiceParts {
  readonly config: RitmoConfig;
  readonly foundations: Foundations;
  /** Something that the process cannot live without has gone. */
  readonly onFatal: (error: Error) => void;
}

const telephony = ({ config, foundations, onFatal }: ServiceParts): TelephonyApp =>
  createTelephonyApp(foundations.context, {
    sipDomain: config.advertise ?? config.listen,
    sip: (handlers) => sipStack(config, handlers),
    media: () => mediaEngine(config, foundations.log, onFatal),
  });

/**
 * Every service, in the order in which they start: the directory before those that read it, those who are told before those who
 * tell, the facades last. They stop in the opposite order.
 */
export const services = {
  directory: ({ config, foundations }: ServiceParts): ServiceApp =>
    createDirectoryApp(foundations.contextFor('directory'), {
      seed: config.seed,
      ...(config.seedName === undefined ? {} : { seedName: config.seedName }),
    }),
  projector: ({ foundations }: ServiceParts): ProjectorApp => createProjectorApp(foundations.contextFor('projector')),
  recorder: ({ foundations }: ServiceParts): ServiceApp => createRecorderApp(foundations.context),
  telephony,
  acd: ({ foundations }: ServiceParts): AcdApp => createAcdApp(foundations.context),
  dialer: ({ foundations }: ServiceParts): ServiceApp => createDialerApp(foundations.contextFor('dialer')),
  mailing: ({ foundations }: ServiceParts): ServiceApp => createMailingApp(foundations.contextFor('mailing')),
  database: ({ foundations }: ServiceParts): ServiceApp =>
    createDatabaseApp(foundations.contextFor('database'), { integrationPassword: foundations.integrationPassword.value }),
  socket: ({ config, foundations }: ServiceParts): SocketApp =>
    createSocketApp(foundations.contextFor('socket'), { host: config.listen, readPort: config.socketReadPort, writePort: config.socketWritePort }),
  api: ({ config, foundations }: ServiceParts): ApiApp =>
    createApiApp(foundations.contextFor('api'), { host: config.listen, port: config.httpPort, adminKey: foundations.adminKey.value }),
} as const satisfies Record<string, (parts: ServiceParts) => ServiceApp>;

export type ServiceName = keyof typeof services;
export const serviceNames = Object.keys(services) as readonly ServiceName[];
