import { createNativeMediaEngine } from '@ritmo/media';
import type { ServiceApp } from '@ritmo/service-kit';
import { createNativeSipStack } from '@ritmo/sip';
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
import type { Foundations } from './foundations.ts';

/** What a service's builder is given. */
export interface ServiceParts {
  readonly config: RitmoConfig;
  readonly foundations: Foundations;
  /** Something that the process cannot live without has gone. */
  readonly onFatal: (error: Error) => void;
}

const realm = 'ritmo';
const userAgent = 'Ritmo';

function telephony({ config, foundations, onFatal }: ServiceParts): TelephonyApp {
  const advertised = config.advertise === undefined ? {} : { advertisedHost: config.advertise };
  return createTelephonyApp(foundations.context, {
    sipDomain: config.advertise ?? config.listen,
    sip: (handlers) =>
      createNativeSipStack({ host: config.listen, port: config.sipPort, transports: ['udp', 'tcp'], realm, userAgent, handlers, ...advertised }),
    media: () =>
      createNativeMediaEngine({ host: config.listen, portRange: config.rtpPorts, codecs: ['PCMA', 'PCMU'], onFailure: onFatal, ...advertised }),
  });
}

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
  projector: ({ foundations }: ServiceParts): ProjectorApp =>
    createProjectorApp(foundations.contextFor('projector'), { integrationPassword: foundations.integrationPassword.value }),
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
