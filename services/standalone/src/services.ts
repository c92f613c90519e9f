import type { ServiceApp } from '@ritmo/service-kit';
import { createDirectoryApp } from '@ritmo/svc-directory';
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
} as const satisfies Record<string, (parts: ServiceParts) => ServiceApp>;

export type ServiceName = keyof typeof services;
export const serviceNames = Object.keys(services) as readonly ServiceName[];
