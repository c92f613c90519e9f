export { createDialerApp } from './app.ts';
export type { DialerOptions } from './options.ts';
