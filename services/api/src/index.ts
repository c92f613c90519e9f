export { createApiApp, type ApiApp } from './app.ts';
export type { ApiOptions } from './options.ts';
